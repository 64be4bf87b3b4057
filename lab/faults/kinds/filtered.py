"""A packet filter for port 25 in the network namespace of one host (nftables), for every fault of its connections.

Rules hold for IPv4 and IPv6. They go in as one transaction: nft(8) fails, and nothing has changed, where the kernel
cannot do what one of them asks for, so a filter that has been loaded is in force.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from lab.faults.kinds.fault import Fault, without_port_25
from lab.faults.kinds.site import Site
from lab.values import Kind, OneOf

TABLE = "lab_port25"
OPENS = "tcp dport 25 tcp flags & (syn | ack) == syn"  # a packet that opens a connection


class Filtered(Fault):
    """A kind that is such a filter."""

    key = "connect"

    @classmethod
    def unfit(cls, role: str) -> str | None:
        """Return why there is nothing to filter."""
        return without_port_25(role)

    @staticmethod
    def heal(site: Site) -> None:
        """Take the filter away; none there is fine too. A host that has stopped has lost it with its network."""
        if site.state not in ("running", "paused"):
            return
        site.nft(f"table inet {TABLE} {{}}\ndelete table inet {TABLE}")


@dataclass(frozen=True, slots=True)
class Answered(Filtered):
    """A kind that answers packets which open a connection; sessions that are open go on."""

    family: str | None = None  # "ipv4", "ipv6": of that one only

    verdict: ClassVar[str]
    """What nft(8) does with such a packet."""
    setting: ClassVar[Kind | None] = OneOf((True, "ipv4", "ipv6"))

    def apply(self, site: Site) -> None:
        """Give them the verdict."""
        which = f"meta nfproto {self.family} " if self.family else ""
        load(site, chain("input", f"{which}{OPENS} {self.verdict}"))


def load(site: Site, *parts: str) -> None:
    """Make *parts* (chains and sets) the filter, instead of the one before."""
    content = "\n".join(parts)
    site.nft(f"table inet {TABLE} {{}}\ndelete table inet {TABLE}\ntable inet {TABLE} {{\n{content}\n}}")


def chain(hook: str, *rules: str) -> str:
    """Return the chain of *rules* at the hook "input" or "output"."""
    head = f"type filter hook {hook} priority filter; policy accept;"
    return "\n".join([f"chain {hook} {{", head, *rules, "}"])
