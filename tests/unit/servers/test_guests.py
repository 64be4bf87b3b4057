"""The hosts that a test brings along: what they are made like, what is refused, and that they all go."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from lab.engine.hosts import Host
from lab.errors import LabError
from lab.servers.guests import Guests
from lab.servers.present import Present

WORLD = {
    name: Host(name, role, f"{name}.test", f"198.18.0.{octet}", "running", f"id-{name}", f"image-{role}")
    for name, role, octet in (("direct", "client", 22), ("mx1", "mx", 11), ("mailstore", "mailstore", 4))
}


class Engine:
    """Starts hosts and removes them; ``like`` has what each was made like."""

    def __init__(self) -> None:
        self.like: list[Host] = []
        self.removed: dict[str, bool] = {}  # whether nothing was made wrong there
        self.resolvers: list[str | None] = []

    def start(self, like: Host, *, owner: str, name: str, fqdn: str, own: Any, resolver: str | None) -> Host:
        del own
        self.like.append(like)
        self.resolvers.append(resolver)
        return Host(name, like.role, fqdn, f"198.18.0.{63 + len(self.like)}", "running", f"{owner}-{name}", like.image)

    def remove(self, host: Host, *, untouched: bool) -> None:
        self.removed[host.container] = untouched


@pytest.fixture
def engine() -> Engine:
    return Engine()


@pytest.fixture
def hosts() -> Present:
    return Present(WORLD)


@pytest.fixture
def guests(engine: Engine, hosts: Present) -> Guests:
    learns: Any = SimpleNamespace(brought=lambda *_: None)
    lease: Any = SimpleNamespace(owner="me")
    return Guests(hosts, learns, lambda: lease, lambda kind: f"image-{kind}", engine.start, engine.remove)


def bring(guests: Guests, name: str, like: str = "direct", resolver: str | None = None, **settings: Any) -> Host:
    texts = dict.fromkeys(("main_cf", "master_cf", "dovecot_conf", "users", "unbound_conf"), "")
    return guests.bring(name, f"{name}.a.test", like=like, resolver=resolver, **{**texts, "files": {}, **settings})[0]


def test_a_guest_is_among_the_hosts_until_all_are_removed(guests: Guests, hosts: Present, engine: Engine) -> None:
    assert bring(guests, "relay", "mx1").role == "mx"
    bring(guests, "other")
    assert hosts.names["198.18.0.64"] == "relay"
    assert [*hosts] == ["direct", "mx1", "mailstore", "relay", "other"]
    hosts.touched.add("other")
    guests.remove()
    assert engine.removed == {"me-other": False, "me-relay": True}
    assert hosts.touched == set()
    assert [*hosts] == [*WORLD]


def test_kinds_that_the_world_has_not(guests: Guests, engine: Engine) -> None:
    bring(guests, "cache", "resolver")
    assert (engine.like[0].role, engine.like[0].image) == ("resolver", "image-resolver")
    bring(guests, "asker", resolver="cache")
    assert engine.resolvers == [None, "198.18.0.64"]


@pytest.mark.parametrize(
    ("name", "more", "problem"),
    [
        ("mx1", {}, r"this lab has a host 'mx1' already\n  choose another name"),
        ("a", {"like": "mx9"}, r"this lab has no host 'mx9'\n  its hosts are: direct, mailstore, mx1"),
        ("a", {"resolver": "direct"}, r"direct is not a resolver\n  lab\.host"),
        ("a", {"like": "mailstore", "main_cf": "x = y"}, r"a is a Dovecot and has no main_cf"),
    ],
)
def test_what_is_refused(guests: Guests, engine: Engine, name: str, more: dict[str, str], problem: str) -> None:
    with pytest.raises(LabError, match=problem):
        bring(guests, name, **more)
    assert engine.like == []
