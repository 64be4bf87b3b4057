"""A port scan is punished: who connects to many ports other than 25 is banned from all of them for a while.

As fail2ban, psad or a hosting provider's firewall do it, with nftables dynamic sets (nft(8), "Set statement"). The ban
ends by itself; connections during it do not prolong it, and sessions that are open go on.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from lab.faults.kinds.fault import Ban
from lab.faults.kinds.site import Site
from lab.values import Key, Number, Table, Text

TABLE = "lab_scan"
WINDOW = 10  # seconds in which ports are counted; a slower scan stays unseen
FAMILIES: Mapping[str, str] = {"ip": "ipv4_addr", "ip6": "ipv6_addr"}  # nft's word for a header, and for its addresses
VERDICTS: Mapping[str, str] = {"reset": "reject with tcp reset", "drop": "drop"}
LONGEST = 86_400  # seconds


@dataclass(frozen=True, slots=True)
class ScanBan(Ban):
    """*after* so many other ports within WINDOW the next one bans for *seconds*; *verdict*: a key of VERDICTS."""

    after: int = 5
    seconds: float = 300.0
    verdict: str = "reset"

    kind = "scan_ban"
    key = "scan_ban"
    help = (
        f"who connects to more than `after` other ports in {WINDOW} s is banned for `for` seconds, by `verdict`: "
        '`"reset"` or `"drop"`'
    )
    seen = "port 25 closed, for the one who scans"
    example: ClassVar[Any] = {"after": 5, "for": 300, "verdict": "reset"}
    setting: ClassVar[Table] = Table(
        {
            "after": Key(Number(1000, 1, whole=True), "Ports other than 25 that may be connected to. [5]"),
            "for": Key(Number(LONGEST, 1), "Seconds. [300]"),
            "verdict": Key(Text(tuple(VERDICTS)), "What is done with a connection of who is banned. [reset]"),
        }
    )

    @classmethod
    def read(cls, setting: Any) -> Self:  # noqa: ANN401  as above it
        """Return the fault with the table {after, for, verdict}; a key that is not there has its default."""
        return cls(**{"seconds" if key == "for" else key: value for key, value in setting.items()})

    def apply(self, site: Site) -> None:
        """Watch for scans, and ban.

        ``seen`` has each port once, so that a client that comes back to one closed port is no scan. A rule "limit rate
        over" matches once *after* ports have been let through; a client's count ends WINDOW seconds after its first,
        and until then its rate gives no port back.
        """
        parts = "".join(self._family(header, words) for header, words in FAMILIES.items())
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

    @staticmethod
    def heal(site: Site) -> None:
        """Ban nobody any more; no ban there is fine too. A host that has stopped has lost it with its network."""
        if site.state not in ("running", "paused"):
            return
        site.nft(f"table inet {TABLE} {{}}\ndelete table inet {TABLE}")

    @staticmethod
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

    def _family(self, header: str, words: str) -> str:
        """Return the sets and the chain of one address family: a scan over IPv4 bans the IPv4 address only."""
        rate = f"limit rate over 1/minute burst {self.after} packets"
        add = f"add @banned_{header} {{ {header} saddr timeout {round(self.seconds * 1000)}ms }}"
        return f"""
                set banned_{header} {{ type {words}; flags dynamic,timeout; }}
                set seen_{header} {{ type {words} . inet_service; flags dynamic,timeout; timeout {WINDOW}s; }}
                set scanners_{header} {{ type {words}; flags dynamic,timeout; timeout {WINDOW}s; }}
                chain opens_{header} {{
                    {header} saddr @banned_{header} {VERDICTS[self.verdict]}
                    tcp dport 25 accept
                    {header} saddr . tcp dport @seen_{header} accept
                    add @seen_{header} {{ {header} saddr . tcp dport }}
                    add @scanners_{header} {{ {header} saddr {rate} }} {add}
                }}"""
