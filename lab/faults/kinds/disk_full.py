"""The host has no room for another message: smtpd(8) answers 452 4.3.1 to MAIL FROM (RFC 5321 4.2.3).

Real, but for the disk: Postfix compares the free space with queue_minfree, which is set beyond any disk.
"""

from __future__ import annotations

from lab.engine.hosts import MAIL_ROLES
from lab.faults.kinds.fault import Fault
from lab.faults.kinds.site import Site

ROOM = "9000000000000000000"  # bytes


class DiskFull(Fault):
    """No settings."""

    kind = "disk-full"
    key = "host"
    help = "no room for another message"
    seen = "452 4.3.1 to MAIL FROM"
    example = "disk-full"

    @classmethod
    def unfit(cls, role: str) -> str | None:
        """Return why there is no queue_minfree."""
        return None if role in MAIL_ROLES else f"a {role} keeps no queue of mail"

    def apply(self, site: Site) -> None:
        """Demand more room than there is."""
        _set(site, f"postconf -e queue_minfree={ROOM}")

    @staticmethod
    def heal(site: Site) -> None:
        """Demand what Postfix demands by default."""
        if site.state == "running":
            _set(site, "postconf -X queue_minfree")


def _set(site: Site, change: str) -> None:
    # A main.cf that is two seconds old is read without the pause that Postfix makes for an editor.
    site.run("sh", "-c", f"{change} && touch -d '1 minute ago' /etc/postfix/main.cf && postfix reload")
