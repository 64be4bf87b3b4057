"""A port scan is punished: who connects to many ports other than 25 is banned from all of them for a while.

As fail2ban, psad or a hosting provider's firewall do it, with nftables dynamic sets (nft(8), "Set statement"). The ban
ends by itself; connections during it do not prolong it, and sessions that are open go on.
Errors: LabError with all that is wrong with a ban's settings.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dnszone.problem import Problem, did_you_mean
from lab.errors import LabError
from lab.faults.kinds.site import Site

TABLE = "lab_scan"
WINDOW = 10  # seconds in which ports are counted; a slower scan stays unseen
FAMILIES: Mapping[str, str] = {"ip": "ipv4_addr", "ip6": "ipv6_addr"}  # nft's word for a header, and for its addresses
VERDICTS: Mapping[str, str] = {"reset": "reject with tcp reset", "drop": "drop"}
KEYS = ("after", "for", "verdict")
LONGEST = 86_400  # seconds
EXAMPLE = 'scan_ban={"after": 5, "for": 300, "verdict": "reset"}'


@dataclass(frozen=True, slots=True)
class Ban:
    """*after* so many other ports within WINDOW the next one bans for *seconds*; *verdict*: a key of VERDICTS."""

    after: int = 5
    seconds: float = 300.0
    verdict: str = "reset"


def problems(table: object) -> list[Problem]:
    """Return what is wrong with a ban written as a table {after, for, verdict}; each has its path."""
    if not isinstance(table, Mapping):
        return [Problem(f"{table!r} is no table", EXAMPLE)]
    found = [
        Problem(f"unknown key {key}", did_you_mean(str(key), KEYS) or f"known are {', '.join(KEYS)}", path=str(key))
        for key in table
        if key not in KEYS
    ]
    after, seconds, verdict = (table.get(key, default) for key, default in zip(KEYS, (5, 300, "reset"), strict=True))
    if type(after) is not int or not 1 <= after <= 1000:
        found.append(Problem(f"{after!r} is no whole number of ports from 1 to 1000", path="after"))
    if type(seconds) not in (int, float) or not 1 <= seconds <= LONGEST:
        found.append(Problem(f"{seconds!r} is no number of seconds from 1 to {LONGEST}", path="for"))
    if not isinstance(verdict, str) or verdict not in VERDICTS:
        found.append(Problem(f"{verdict!r} is none of {', '.join(VERDICTS)}", path="verdict"))
    return found


def read(table: object) -> Ban:
    """Return the ban that *table* {after, for, verdict} is; a key that is not there has Ban's default."""
    if found := problems(table):
        raise LabError("; ".join(f"scan_ban: {each}" for each in found), hint=EXAMPLE)
    given: Mapping[str, Any] = table if isinstance(table, Mapping) else {}  # for the type checker
    return Ban(**{"seconds" if key == "for" else key: value for key, value in given.items()})


def apply(site: Site, ban: Ban = Ban()) -> None:
    """Watch for scans, and ban.

    ``seen`` has each port once, so that a client that comes back to one closed port is no scan. A rule "limit rate
    over" matches once *after* ports have been let through; those of WINDOW seconds ago do not count any more.
    """
    parts = "".join(_family(header, kind, ban) for header, kind in FAMILIES.items())
    rules = f"""
        table inet {TABLE} {{}}
        delete table inet {TABLE}
        table inet {TABLE} {{{parts}
            chain input {{
                type filter hook input priority filter; policy accept;
                meta nfproto ipv4 tcp flags & (syn | ack) == syn jump opens_ip
                meta nfproto ipv6 tcp flags & (syn | ack) == syn jump opens_ip6
            }}
        }}"""
    site.nft(rules)


def _family(header: str, kind: str, ban: Ban) -> str:
    """Return the sets and the chain of one address family: a scan over IPv4 bans the IPv4 address only."""
    rate = f"limit rate over {ban.after * 60 // WINDOW}/minute burst {ban.after} packets"
    lasts = f"timeout {round(ban.seconds * 1000)}ms"
    return f"""
            set banned_{header} {{ type {kind}; flags dynamic,timeout; }}
            set seen_{header} {{ type {kind} . inet_service; flags dynamic,timeout; timeout {WINDOW}s; }}
            set scanners_{header} {{ type {kind}; flags dynamic,timeout; timeout {WINDOW}s; }}
            chain opens_{header} {{
                {header} saddr @banned_{header} {VERDICTS[ban.verdict]}
                tcp dport 25 accept
                {header} saddr . tcp dport @seen_{header} accept
                add @seen_{header} {{ {header} saddr . tcp dport }}
                update @scanners_{header} {{ {header} saddr {rate} }} add @banned_{header} {{ {header} saddr {lasts} }}
            }}"""


def heal(site: Site) -> None:
    """Ban nobody any more; no ban there is fine too. A host that has stopped has lost it with its network."""
    site.container.reload()
    if site.container.status not in ("running", "paused"):
        return
    site.nft(f"table inet {TABLE} {{}}\ndelete table inet {TABLE}")


def banned(site: Site) -> dict[str, int]:
    """Return who is banned: address to whole seconds that are left. Without the fault nobody is."""
    ruleset = json.loads(site.nft("list ruleset", "--json"))["nftables"]
    sets = [entry["set"] for entry in ruleset if "set" in entry]
    elements = [
        element["elem"]
        for each in sets
        if each["table"] == TABLE and each["name"] in (f"banned_{header}" for header in FAMILIES)
        for element in each.get("elem", ())
    ]
    return {element["val"]: element["expires"] for element in elements}
