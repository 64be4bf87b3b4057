"""A ban that follows log lines: fail2ban(1) reads what Postfix says, and closes port 25 for whom it has had enough of.

It runs in a container beside the host, in its network, with Debian's own filter and an nftables action; the process
that applies the fault hands it the host's log, line by line, for as long as it lives.
Errors: LabError with what fail2ban says of its settings.
"""

from __future__ import annotations

import re
import threading
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from lab.engine.hosts import LABEL, MAIL_ROLES, OWNER
from lab.engine.protocol import Confinement, RefusedError, Specification, beside
from lab.errors import LabError, UnsupportedError
from lab.faults.kinds.fault import Ban
from lab.faults.kinds.site import Site
from lab.values import Key, Notes, Number, Schema, Table, toml
from lab.world import extra

if TYPE_CHECKING:
    from lab.engine.protocol import Engine, Input, Stream

GUARDED = "mail-lab.guarded"  # label of the container: whose log it reads
LONGEST = 86_400  # seconds
READY, TIMEOUT = b"Jail 'postfix' started", 30.0
FOLDER, FILE = "/etc/fail2ban/jail.d", "lab.local"
TABLE = "f2b-table"  # of its action nftables
BANNED = re.compile(r"^(?P<address>\S+)\s.*= (?P<until>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Filter:
    """The name of a filter, as jail.conf(5) takes it: one line."""

    def check(self, value: object, path: str, notes: Notes) -> None:
        """Note another type, and what would be more lines than one."""
        if not isinstance(value, str) or not value or not value.isprintable():
            notes.note(path, f"must be the name of a filter, not {value!r}", '"postfix[mode=ddos]"')

    def schema(self) -> Schema:
        """Return its JSON Schema."""
        return {"type": "string", "minLength": 1}


@dataclass(frozen=True, slots=True)
class Fail2ban(Ban):
    """Settings of the jail, under their names in jail.conf(5); times in seconds."""

    maxretry: int = 5
    findtime: int = 600
    bantime: int = 300
    filter: str = "postfix[mode=aggressive]"

    kind = "fail2ban"
    key = "fail2ban"
    help = (
        "fail2ban reads Postfix's log, and bans who is in `maxretry` lines of its filter within `findtime` seconds, "
        "for `bantime`"
    )
    seen = "port 25 closed, for the one who is in the log"
    example: ClassVar[Any] = {"maxretry": 3, "findtime": 600, "bantime": 300}
    setting: ClassVar[Table] = Table(
        {
            "maxretry": Key(Number(1000, 1, whole=True), "Lines of the log. [5]"),
            "findtime": Key(Number(LONGEST, 1, whole=True), "Seconds within which they stand. [600]"),
            "bantime": Key(Number(LONGEST, 1, whole=True), "Seconds. [300]"),
            "filter": Key(Filter(), "Its filter, with its settings. [postfix[mode=aggressive]]"),
        }
    )
    standing = False  # who applies it hands it the log

    @classmethod
    def unfit(cls, role: str) -> str | None:
        """Return why there is no log that its filter knows."""
        return None if role in MAIL_ROLES else f"reads what a Postfix logs, and this is a {role}"

    @property
    def jail(self) -> str:
        """The file that says so; a percent sign is doubled (configparser)."""
        lines = (f"{key} = {str(value).replace('%', '%%')}\n" for key, value in asdict(self).items())
        return "[postfix]\n" + "".join(lines)

    def apply(self, site: Site) -> None:
        """Start fail2ban beside the host; returns when the jail is watched."""
        image, engine = site.image(extra.FAIL2BAN), site.engine
        kept = {key: site.labels[key] for key in (LABEL, OWNER) if key in site.labels}
        wanted = Specification(
            image,
            labels={**kept, GUARDED: site.container},
            network=beside(site.container),
            confinement=Confinement(("NET_ADMIN",), memory=256 * 2**20, processes=100),
            reads=True,
        )
        try:
            guard = engine.create(wanted)
            engine.copy_in(guard, FOLDER, {FILE: self.jail})
            said = engine.attach(guard)
            engine.start(guard)
        except RefusedError as error:
            raise UnsupportedError(f"fail2ban does not start beside {site.host.name}: {error.args[0]}") from error
        _await(said, site)
        _feed(engine, site.container, guard)

    @staticmethod
    def heal(site: Site) -> None:
        """Ban nobody any more; no fail2ban there is fine too. A host that has stopped has lost it with its network."""
        for guard in _guards(site):
            site.engine.remove(guard)
        if site.state in ("running", "paused"):
            site.nft(f"table inet {TABLE} {{}}\ndelete table inet {TABLE}")

    @staticmethod
    def banned(site: Site) -> dict[str, int]:
        """Return who is banned: address to whole seconds that are left. Without the fault nobody is."""
        found: dict[str, int] = {}
        for guard in _guards(site):
            listed = site.engine.execute(guard, ["fail2ban-client", "get", "postfix", "banip", "--with-time"]).output
            for each in BANNED.finditer(listed):
                # In the container's time zone.
                until = datetime.strptime(each["until"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
                found[each["address"]] = max(0, round((until - datetime.now(UTC)).total_seconds()))
        return found


def _guards(site: Site) -> list[str]:
    return [each.id for each in site.engine.containers(f"{GUARDED}={site.container}")]


def _await(said: Stream[bytes], site: Site) -> None:
    """Read fail2ban's log until the jail has started. Raises LabError with what it says when it does not."""
    timer = threading.Timer(TIMEOUT, said.close)
    timer.start()
    seen = b""
    try:
        for chunk in said:
            seen += chunk
            if READY in seen:
                return
    finally:
        timer.cancel()
        said.close()
    lines = seen.decode("utf-8", "replace").strip() or "(it said nothing)"
    raise LabError(
        f"fail2ban beside {site.host.name} has no jail:\n{lines}",
        hint=f"see its settings, such as {toml(Fail2ban.example)}",
    )


def _feed(engine: Engine, host: str, guard: str) -> None:
    """Hand the log of *host* over from now on, until *guard* is gone or the host has stopped."""
    log, link = engine.follow(host, tail=0), engine.input(guard)
    threading.Thread(target=_carry, args=(log, link), name="lab-fail2ban", daemon=True).start()


def _carry(log: Stream[bytes], link: Input) -> None:
    try:
        for lines in log:
            link.send(lines)
    except OSError:  # fail2ban is gone: the fault is healed
        return
    finally:
        log.close()
        link.close()
