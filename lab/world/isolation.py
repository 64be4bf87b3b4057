"""Keeps a lab to itself on the machine on which its engine runs: nothing of it goes out, and 127.0.0.1 alone comes in.

Docker alone does not. Before Engine 28 a neighbour who routes to the gateway's address outside reaches its published
ports, 127.0.0.1 or not, and so does one who sends packets for 127.0.0.1 itself. The gateway could go out by the same
way. A host may send to this machine what needs no answer: a datagram to its bridge's MAC address, or to all. The bridge
of an IPv6 network has addresses, and the kernel adds one of its own (RFC 4291 2.5.6).

So the addresses are taken away, and a table of nftables, which is the lab's own and bears its name, drops these
packets. Frames between the hosts need neither. The table stays when the engine is started again. Whoever flushes the
whole ruleset (a firewall's restart) removes it: `lab status` tells so, `lab up` puts it back, `lab down` removes it.

In: the lab's networks, and an image with ip(8) and nft(8). Out: what is not held, in words; "" when all is. Errors:
MachineError where the addresses stay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.engine import netns
from lab.engine.hosts import LABEL, SLOT
from lab.engine.protocol import MACHINE, Network, RefusedError
from lab.errors import MachineError
from lab.world.ipv6 import SWITCH

if TYPE_CHECKING:
    from lab.engine.protocol import Engine
    from lab.world.slot import Slot

# addrgenmode none: the kernel makes no new one (ip-link(8)). What is left would be printed, and is an error.
COMMAND = """
rules=$1; shift
for bridge; do
    ip link set dev "$bridge" addrgenmode none && ip -6 addr flush dev "$bridge" || exit 1
    ! ip -6 addr show dev "$bridge" | grep . || exit 1
done
nft "$rules" 2>&1 || true
"""
MISSING = "its rules in the firewall of the engine's machine (nft table inet {}) are missing"
MEANING = "neighbours on the network may reach its ports, and its hosts may send to this machine"
Chains = dict[str, tuple[str, ...]]


def isolate(engine: Engine, lab: str, slot: Slot, tools: str) -> str:
    """Close what is open; done twice it does no harm. Returns what stays open, in words.

    In a short container in the engine's own network namespace, which may be on another machine than this one.
    """
    networks = _networks(engine, lab)
    rules = ruleset(lab, chains(slot, *_bridges(networks)))
    addressed = [each.bridge for each in networks if each.ipv6]
    try:
        wrong = netns.run(engine, lab, tools, MACHINE, "sh", "-c", COMMAND, "isolate", rules, *addressed).strip()
    except RefusedError as error:
        if not addressed:
            return str(error.args[0])
        raise MachineError(
            f"the lab's hosts could reach this machine over IPv6: the addresses of {', '.join(addressed)} stay. "
            f"{error.args[0]}",
            hint=f"`lab down`, then `{SWITCH}=0 lab up` makes a lab without IPv6",
        ) from error
    return wrong


def opened(engine: Engine, lab: str, slot: Slot, tools: str) -> str:
    """Return what is open now, in words."""
    wanted = chains(slot, *_bridges(_networks(engine, lab)))
    try:
        found = netns.run(engine, lab, tools, MACHINE, "nft", "list", "table", "inet", table(lab))
    except RefusedError as error:
        return MISSING.format(table(lab)) if "No such file" in str(error) else str(error.args[0])
    lines = {line.strip() for line in found.splitlines()}
    return "" if lines >= {rule for rules in wanted.values() for rule in rules} else MISSING.format(table(lab))


def release(engine: Engine, lab: str, tools: str) -> None:
    """Remove the lab's table; none there is fine too. Raises RefusedError where it stays."""
    netns.run(engine, lab, tools, MACHINE, "nft", f"add table inet {table(lab)}; delete table inet {table(lab)}")


def table(lab: str) -> str:
    """Return the name of a lab's table."""
    return f"mail-lab-{lab}"


def chains(slot: Slot, inside: str, outside: str) -> Chains:
    """Return the rules of each hook, as nft(8) prints them, for the bridges of the two networks.

    A frame from host to host is forwarded too, from a bridge to the same bridge, where br_netfilter is loaded.
    """
    return {
        # As Engine 28 has it: what is not from here has no business at 127.0.0.1. Before any address is translated.
        "prerouting priority raw": (
            f'iifname != "lo" ip daddr 127.0.0.0/8 tcp dport {slot.published(0)}-{slot.published(99)} drop',
        ),
        # The gateway's only peer outside is this machine itself, or its docker-proxy: nothing is forwarded there.
        "forward priority filter": (
            f'iifname "{inside}" oifname != "{inside}" drop',
            f'iifname != "{inside}" oifname "{inside}" drop',
            f'iifname "{outside}" drop',
            f'oifname "{outside}" drop',
        ),
        "input priority filter": (
            f'iifname "{inside}" drop',
            f'iifname "{outside}" ct state established,related accept',
            f'iifname "{outside}" drop',
        ),
    }


def ruleset(lab: str, rules: Chains) -> str:
    """Return what makes the table anew, whatever was there: nft(8) does all of it at once, or nothing."""
    name = table(lab)
    hooks = "".join(
        f"chain {hook.split()[0]} {{ type filter hook {hook}; {'; '.join(each)}; }}; " for hook, each in rules.items()
    )
    return f"add table inet {name}; delete table inet {name}; table inet {name} {{ {hooks}}}"


def _networks(engine: Engine, lab: str) -> list[Network]:
    return engine.networks(f"{LABEL}={lab}")


def _bridges(networks: list[Network]) -> tuple[str, str]:
    """Return the bridges of the lab's network and of the gateway's other one; "" for one that is not there."""
    found = {SLOT in each.labels: each.bridge for each in networks}
    return found.get(True, ""), found.get(False, "")
