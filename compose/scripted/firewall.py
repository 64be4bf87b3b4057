"""What the kernel does for scripts: addresses without a container of their own, connections that fail by themselves.

SMTP clients then see the real errno: Connection refused, a time-out, No route to host. Needs NET_ADMIN.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from ipaddress import IPv4Network, IPv6Address
from pathlib import Path
from typing import Protocol

from scripted.problem import RefusedError
from scripted.script import Connect

# A SYN alone: sessions that are open already go on, as with a server that only closed its port.
SYN = "tcp flags & (fin | syn | rst | ack) == syn"
VERDICTS = {
    "refuse": f"{SYN} reject with tcp reset",
    "drop": f"{SYN} drop",
    # Host unreachable, code 1 of RFC 792, or address unreachable, code 3 of RFC 4443 3.1: a client's connect(2) fails
    # with EHOSTUNREACH, "No route to host".
    "unreachable": f"{SYN} reject with icmpx host-unreachable",
}
FAMILIES = {"ip": "ipv4_addr", "ip6": "ipv6_addr"}  # nft's word for a header, and for the addresses in it
DEVICE = "eth0"  # Docker's name for the interface in the lab's network


class Firewall(Protocol):
    """Whoever carries out the connect rules."""

    async def apply(self, rules: Mapping[str, Connect]) -> None:
        """Make *rules* (by address of either family) the only ones.

        RefusedError if that fails; the rules before stand then.
        """


def ruleset(rules: Mapping[str, Connect], port: int) -> str:
    """Return the whole table as nft(8) reads it. It replaces the one before in one transaction."""
    sets, chain = [], []  # a set cannot be called "drop", a word of nft
    for name, verdict in VERDICTS.items():
        for header, kind in FAMILIES.items():
            these = (each for each, connect in rules.items() if connect.kernel == name and _header(each) == header)
            addresses = ", ".join(these)
            elements = f" elements = {{ {addresses} }};" if addresses else ""
            sets.append(f"  set {name}_{header} {{ type {kind};{elements} }}")
            chain.append(f"    {header} daddr @{name}_{header} tcp dport {port} {verdict}")
    for address, connect in rules.items():
        if connect.loss:
            share = f"numgen random mod 1000 < {round(connect.loss * 1000)}"
            which = f"{_header(address)} daddr {address} tcp dport {port}"
            chain.append(f"    {which} drop" if connect.loss > 0.999 else f"    {which} {share} drop")
    lines = [
        "table inet scripted",  # so that there is one to delete
        "delete table inet scripted",
        "table inet scripted {",
        *sets,
        "  chain input {",
        "    type filter hook input priority 0; policy accept;",
        *chain,
        "  }",
        "}",
    ]
    return "\n".join(lines) + "\n"


def _header(address: str) -> str:
    return "ip6" if ":" in address else "ip"


class Nftables:
    """The kernel's packet filter."""

    def __init__(self, port: int) -> None:
        """Rules are about connections to *port*."""
        self._port = port

    async def apply(self, rules: Mapping[str, Connect]) -> None:
        """Load the rules; see :class:`Firewall`."""
        await _run(["nft", "-f", "-"], ruleset(rules, self._port))


async def answer_at(network: IPv4Network, addresses6: Iterable[str]) -> None:
    """Make this machine answer at every address of *network*, and at *addresses6*.

    A local route does for IPv4. For IPv6 the kernel answers neighbour solicitations for addresses of the interface
    only (RFC 4861 7.2.3).
    """
    await _run(["ip", "route", "replace", "local", str(network), "dev", "lo"], "")
    # nodad: nobody else has them, and one that is still being probed for (RFC 4862 5.4) would not answer.
    lines = (f"addr replace {address}/64 dev {DEVICE} nodad\n" for address in addresses6)
    if batch := "".join(lines):
        await _run(["ip", "-6", "-batch", "-"], batch)


def has_ipv6(net6: str) -> bool:
    """Return whether this machine has an address of 2001:2:0:0::/64, given its first four groups."""
    try:
        lines = Path("/proc/net/if_inet6").read_text(encoding="ascii").splitlines()
    except FileNotFoundError:  # a kernel without IPv6
        return False
    prefix = IPv6Address(f"{net6}::").packed[:8].hex()
    return any(line.startswith(prefix) for line in lines)


async def _run(command: list[str], text: str) -> None:
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
