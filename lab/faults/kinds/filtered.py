"""A packet filter for port 25 in the network namespace of one host (nftables), for every fault of its connections.

Rules hold for IPv4 and IPv6. They go in as one transaction: nft(8) fails, and nothing has changed, where the kernel
cannot do what one of them asks for, so a filter that has been loaded is in force.
"""

from __future__ import annotations

from lab.faults.kinds.site import Site

TABLE = "lab_port25"
OPENS = "tcp dport 25 tcp flags & (syn | ack) == syn"  # a packet that opens a connection


def set_rule(site: Site, verdict: str, family: str | None = None) -> None:
    """Give packets that open a connection to port 25 a *verdict*; sessions that are open go on.

    *family*: "ipv4" or "ipv6", where it is for one of them only.
    """
    which = f"meta nfproto {family} " if family else ""
    load(site, chain("input", f"{which}{OPENS} {verdict}"))


def load(site: Site, *parts: str) -> None:
    """Make *parts* (chains and sets) the filter, instead of the one before."""
    content = "\n".join(parts)
    site.nft(f"table inet {TABLE} {{}}\ndelete table inet {TABLE}\ntable inet {TABLE} {{\n{content}\n}}")


def chain(hook: str, *rules: str) -> str:
    """Return the chain of *rules* at the hook "input" or "output"."""
    head = f"type filter hook {hook} priority filter; policy accept;"
    return "\n".join([f"chain {hook} {{", head, *rules, "}"])


def clear(site: Site) -> None:
    """Take the filter away; none there is fine too. A host that has stopped has lost it with its network."""
    site.container.reload()
    if site.container.status not in ("running", "paused"):
        return
    site.nft(f"table inet {TABLE} {{}}\ndelete table inet {TABLE}")
