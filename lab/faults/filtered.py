"""A packet filter for port 25 in the network namespace of one host (nftables). Used by refuse, drop and unreachable.

Its table is of the family inet: the rules hold for IPv4 and IPv6.
"""

from __future__ import annotations

from lab.faults.site import Site

TABLE = "lab_port25"


def set_rule(site: Site, verdict: str) -> None:
    """Give packets that open a connection to port 25 a *verdict*; sessions that are open go on."""
    rules = f"""
        table inet {TABLE} {{}}
        flush table inet {TABLE}
        table inet {TABLE} {{
            chain input {{
                type filter hook input priority filter; policy accept;
                tcp dport 25 tcp flags & (syn | ack) == syn {verdict}
            }}
        }}"""
    site.nft(rules)


def clear(site: Site) -> None:
    """Take the filter away; none there is fine too. A host that has stopped has lost it with its network."""
    site.container.reload()
    if site.container.status not in ("running", "paused"):
        return
    site.nft(f"table inet {TABLE} {{}}\ndelete table inet {TABLE}")
