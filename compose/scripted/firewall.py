"""What the kernel does for scripts: connections that fail by themselves.

SMTP clients then see the real errno: Connection refused, a time-out, No route to host. Needs NET_ADMIN.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

from dnszone.problem import RefusedError
from scripted.script import Connect

# A SYN alone: sessions that are open already go on, as with a server that only closed its port.
SYN = "tcp flags & (fin | syn | rst | ack) == syn"
VERDICTS = {
    "refuse": "reject with tcp reset",
    "drop": "drop",
    # Host unreachable, code 1 of RFC 792, or address unreachable, code 3 of RFC 4443 3.1: a client's connect(2) fails
    # with EHOSTUNREACH, "No route to host".
    "unreachable": "reject with icmpx type host-unreachable",
}
TABLE = "inet scripted"
Rules = Mapping[str, tuple[Connect, ...]]  # by place
Address6 = Callable[[str], str | None]  # the IPv6 address of a place


class Firewall(Protocol):
    """Whoever carries out the connect rules."""

    async def apply(self, rules: Rules) -> None:
        """Make *rules* (by place) the only ones; those that are the same object as before have counted on.

        RefusedError if that fails; the rules before stand then.
        """


def by_kernel(rule: Connect) -> bool:
    """Return whether the kernel carries out *rule*; others are the server's."""
    return rule.kernel is not None or rule.loss > 0


def empty(port: int) -> str:
    """Return the table without rules, as nft(8) reads it, for connections to *port*; one from before is gone."""
    return f"""
table {TABLE}
delete table {TABLE}
table {TABLE} {{
  map rules_ip {{ type ipv4_addr : verdict; }}
  map rules_ip6 {{ type ipv6_addr : verdict; }}
  chain input {{
    type filter hook input priority 0; policy accept;
    tcp dport {port} ip daddr vmap @rules_ip
    tcp dport {port} ip6 daddr vmap @rules_ip6
  }}
}}
"""


def change(before: Rules, after: Rules, address6: Address6) -> str:
    """Return what makes *after* of the table with the rules *before*; "" if nothing does.

    Both addresses of a place have one chain, so that a rule counts the connections to either.
    """
    lines: list[str] = []
    for place, rules in before.items():
        if after.get(place) is not rules:
            chain = _chain(place)
            lines += [f"delete element {TABLE} {_map(each)} {{ {each} }}" for each in _addresses(place, address6)]
            lines += [f"flush chain {TABLE} {chain}", f"delete chain {TABLE} {chain}"]
            lines += [f"delete set {TABLE} {met}" for met, _ in _counted(chain, rules)]
    for place, rules in after.items():
        if before.get(place) is not rules:
            chain = _chain(place)
            lines += [f"add chain {TABLE} {chain}"]
            lines += [
                f"add set {TABLE} {met} {{ typeof tcp sport . tcp sequence; size {first}; flags dynamic; }}"
                for met, first in _counted(chain, rules)
            ]
            lines += [f"add rule {TABLE} {chain} {each}" for each in _lines(chain, rules)]
            lines += [
                f"add element {TABLE} {_map(each)} {{ {each} : jump {chain} }}" for each in _addresses(place, address6)
            ]
    return "".join(f"{line}\n" for line in lines)


def _addresses(place: str, address6: Address6) -> list[str]:
    return [each for each in (place, address6(place)) if each is not None]


def _map(address: str) -> str:
    return "rules_ip6" if ":" in address else "rules_ip"


def _chain(place: str) -> str:
    return f"at_{place.replace('.', '_')}"


def _counted(chain: str, rules: tuple[Connect, ...]) -> Iterator[tuple[str, int]]:
    """Yield the set that has the connections which a rule has met, and how many those may be."""
    for index, rule in enumerate(rules):
        if rule.first is not None:
            yield f"{chain}_met_{index}", rule.first


def _lines(chain: str, rules: tuple[Connect, ...]) -> Iterator[str]:
    """Yield what each rule is in a chain.

    A SYN that is sent again has the same port and sequence number (RFC 9293 3.8.1), so it is the same connection. A set
    that is full takes no other: its rule does not match any more. What a rule of the server is for is let through.
    """
    for index, rule in enumerate(rules):
        met = "" if rule.first is None else f" add @{chain}_met_{index} {{ tcp sport . tcp sequence }}"
        if rule.loss:
            yield "drop" if rule.loss > 0.999 else f"numgen random mod 1000 < {round(rule.loss * 1000)} drop"
        else:
            family = "" if rule.family is None else f"meta nfproto {rule.family} "
            yield f"{family}{SYN}{met} {VERDICTS[rule.kernel] if rule.kernel else 'accept'}"


class Nftables:
    """The kernel's packet filter."""

    def __init__(self, port: int, address6: Address6) -> None:
        """Rules are about connections to *port*."""
        self._port = port
        self._address6 = address6
        self._standing: Rules | None = None  # None: nobody knows what an earlier process left

    async def apply(self, rules: Rules) -> None:
        """Load the rules in one transaction; see :class:`Firewall`."""
        text = change(self._standing or {}, rules, self._address6)
        if self._standing is None:
            text = empty(self._port) + text
        if text:
            await run(["nft", "-f", "-"], text)
        self._standing = rules


async def run(command: list[str], text: str) -> None:
    """Run *command* with *text* as its input. RefusedError when it fails."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate(text.encode())
    if process.returncode:
        raise RefusedError(
            500,
            f"`{' '.join(command)}` failed: {output.decode(errors='replace').strip()}",
            "the scripted host needs the capability NET_ADMIN and a kernel with nf_tables",
        )
