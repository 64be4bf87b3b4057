"""What server softwares can do, and that a new one is a folder: it is found, and its hosts are part of a route."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from lab import servers
from lab.errors import LabError
from lab.route.history import History
from lab.servers import replies, software
from lab.servers.parser import read
from lab.world import extra, roster

AT = datetime(2026, 1, 1, tzinfo=UTC)
LOG = """
from lab.route.events import Delivery, Received

def parse(host, at, line):
    queue_id, what, _ = line.split(" ", 2)
    common = {"host": host, "at": at, "pid": 1, "queue_id": queue_id}
    if what == "<=":
        return Received(**common, client="direct", address="198.18.0.22", sasl_username=None)
    return Delivery(
        **common, agent="local", recipient="bia@dest.test", original=None, relay=None, address=None, port=None,
        uses=1, delay=0.0, delays=(0.0, 0.0, 0.0, 0.0), dsn="2.0.0", status="sent", text="saved", reason="saved",
        how="stored",
    )
"""
REPLY = """
def queue_id(reply):
    _, found, queue_id = reply.rpartition("OK id=")
    return queue_id if found else None
"""
SOFTWARE = """
from lab.servers.exim.log import parse
from lab.servers.software import Software

SOFTWARE = Software(name="exim", title="Exim", parse=parse, queue_id=lambda line: line.split(" ")[0])
"""


def host(name: str, role: str) -> SimpleNamespace:
    return SimpleNamespace(software=name, role=role)


@pytest.fixture
def exim(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Follow the recipe of docs/architecture.md: one folder."""
    folder = tmp_path / "exim"
    folder.mkdir()
    for name, text in (("__init__", ""), ("log", LOG), ("reply", REPLY), ("software", SOFTWARE)):
        (folder / f"{name}.py").write_text(text)
    monkeypatch.setattr(servers, "__path__", [*servers.__path__, str(tmp_path)])
    _forget()
    yield
    _forget()


def _forget() -> None:
    """Look for the folders again."""
    software.known.cache_clear()
    replies._all.cache_clear()


def test_each_host_of_the_world_runs_what_is_known() -> None:
    for member in roster.MEMBERS:
        assert software.of(host(member.software, member.role)).name == member.software in software.known()
    for kind in extra.CAPABILITIES:
        assert software.of_kind(kind).name in software.known()


def test_a_container_without_the_label_runs_what_the_world_has_in_its_role() -> None:
    """One that an earlier version made, until the next `lab up`."""
    assert [software.labelled("", role).name for role in ("mx", "client", "smarthost", "mailstore", "dns")] == [
        *("postfix", "postfix", "postfix", "dovecot", "dns"),
    ]


def test_what_is_not_known_is_a_black_box() -> None:
    found = software.labelled("sendmail", "mx")
    assert (found.title, found.parse, found.queue, found.queue_id("A1: x")) == ("sendmail", None, None, None)


def test_what_a_test_cannot_bring_along_is_told_with_what_it_can() -> None:
    with pytest.raises(LabError) as caught:
        software.of_kind("gateway").own("h")
    assert "h: a test cannot bring along a gateway" in str(caught.value)
    assert "Dovecot, Postfix, scanner, resolver" in str(caught.value.hint)


def test_a_queue_id_has_its_time_and_a_reply_its_name_whatever_software_gave_them() -> None:
    assert software.made_at("4jYss46zLSzDZt8") is not None
    assert software.made_at("none") is None
    assert replies.queue_id("250 2.0.0 Ok: queued as 4jYss4739rzDZtZ") == "4jYss4739rzDZtZ"
    assert replies.session("250 2.0.0 <bia@dest.test> zAq4ALnhBWsZAAAA30uvqA Saved") == "zAq4ALnhBWsZAAAA30uvqA"


@pytest.mark.usefixtures("exim")
def test_a_new_software_is_one_folder() -> None:
    """Postfix hands a message to it, logs a reply that is not of its own form, and the route goes on there."""
    postfix, new = software.of_kind("client"), software.of(host("exim", "mx"))
    assert new.title == "Exim"
    history = History({"198.18.0.22": "direct", "198.18.0.11": "mx1"})
    head = "Jan  1 00:00:00 direct postfix"
    lines = [
        (postfix, "direct", f"{head}/smtpd[9]: 4jYss46zLSzDZt8: client=mua[198.18.0.3]"),
        (postfix, "direct", f"{head}/cleanup[9]: 4jYss46zLSzDZt8: message-id=<m@home.test>"),
        (postfix, "direct", f"{head}/qmgr[9]: 4jYss46zLSzDZt8: from=<ana@home.test>, size=9, nrcpt=1 (queue active)"),
        (
            postfix,
            "direct",
            f"{head}/smtp[9]: 4jYss46zLSzDZt8: to=<bia@dest.test>, relay=mx1.dest.test[198.18.0.11]:25, delay=1, "
            "delays=0/0/0/1, dsn=2.0.0, status=sent (250 OK id=1sAbcD-0000000001Q-2abc)",
        ),
        (postfix, "direct", f"{head}/qmgr[9]: 4jYss46zLSzDZt8: removed"),
        (new, "mx1", "1sAbcD-0000000001Q-2abc <= ana@home.test"),
        (new, "mx1", "1sAbcD-0000000001Q-2abc => bia"),
    ]
    for second, (runs, name, line) in enumerate(lines):
        assert runs.parse is not None
        event = read(runs.parse, name, AT + timedelta(seconds=second), line)
        assert event is not None
        history.add(event)
    [route] = history.routes("<m@home.test>")
    assert (route.hops, route.accepted_by, route.outcome) == (["direct", "mx1"], "mx1", "delivered")
    assert new.queue_id(lines[-1][2]) == route.attempts[0].next_queue_id
