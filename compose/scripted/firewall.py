"""What the kernel does for scripts: addresses without a container of their own, connections that fail by themselves.

SMTP clients then see the real errno: Connection refused, a time-out, No route to host. Needs NET_ADMIN.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from ipaddress import IPv4Network
from typing import Protocol

from scripted.problem import RefusedError
from scripted.script import Connect

# A SYN alone: sessions that are open already go on, as with a server that only closed its port.
SYN = "tcp flags & (fin | syn | rst | ack) == syn"
VERDICTS = {
    "refuse": f"{SYN} reject with tcp reset",
    "drop": f"{SYN} drop",
    # Host unreachable, code 1 of RFC 792: a client's connect(2) fails with EHOSTUNREACH, "No route to host".
    "unreachable": f"{SYN} reject with icmp host-unreachable",
}


class Firewall(Protocol):
    """Whoever carries out the connect rules."""

    async def apply(self, rules: Mapping[str, Connect]) -> None:
        """Make *rules* (by address) the only ones. RefusedError if that fails; the rules before stand then."""


def ruleset(rules: Mapping[str, Connect], port: int) -> str:
    """Return the whole table as nft(8) reads it. It replaces the one before in one transaction."""
    sets, chain = [], []  # a set cannot be called "drop", a word of nft
    for name, verdict in VERDICTS.items():
        addresses = ", ".join(address for address, connect in rules.items() if connect.kernel == name)
        elements = f" elements = {{ {addresses} }};" if addresses else ""
        sets.append(f"  set {name}_these {{ type ipv4_addr;{elements} }}")
        chain.append(f"    ip daddr @{name}_these tcp dport {port} {verdict}")
    for address, connect in rules.items():
        if connect.loss:
            share = f"numgen random mod 1000 < {round(connect.loss * 1000)}"
            which = f"ip daddr {address} tcp dport {port}"
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


class Nftables:
    """The kernel's packet filter."""

    def __init__(self, port: int) -> None:
        """Rules are about connections to *port*."""
        self._port = port

    async def apply(self, rules: Mapping[str, Connect]) -> None:
        """Load the rules; see :class:`Firewall`."""
        await _run(["nft", "-f", "-"], ruleset(rules, self._port))


async def answer_at(network: IPv4Network) -> None:
    """Make this machine answer at every address of *network*."""
    await _run(["ip", "route", "replace", "local", str(network), "dev", "lo"], "")


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
