"""Mail stores: whose mailbox is opened with which password, and the scripts that a test has put there."""

from __future__ import annotations

from typing import Any

import pytest

from lab.engine.hosts import Host
from lab.errors import LabError
from lab.mail.mailstores import Mailstores
from lab.servers.present import Present
from lab.world import users


def store(name: str, role: str = "mailstore") -> Host:
    return Host(name, role, f"{name}.test", "198.18.0.4", "running", f"id-{name}", "")


class FakeAccess:
    def server(self, via: str, _: object) -> str:
        return via


class FakeSieve:
    def __init__(self) -> None:
        self.scripts: dict[str, str] = {}
        self.cleared = False

    def put(self, address: str, script: str) -> None:
        self.scripts[address] = script

    def clear(self) -> None:
        self.cleared = True


class Scene:
    def __init__(self) -> None:
        hosts = Present({"mx1": store("mx1", "mx"), "mailstore": store("mailstore")})
        hosts.brought["own"] = store("own")
        self.sieves: dict[str, FakeSieve] = {}
        access: Any = FakeAccess()
        made: Any = lambda host: self.sieves.setdefault(host.name, FakeSieve())  # noqa: E731
        self.stores = Mailstores(hosts, access, made)


def test_a_password_is_the_worlds_or_the_stores_own() -> None:
    stores = Scene().stores
    stores.accounts["own"] = {"bia@a.test": "hers", "cai": "his"}
    passwords = users.passwords()

    def opened(user: str, at: str) -> tuple[str, str]:
        box = stores.mailbox(user, at)
        return box.address, box._password

    assert opened("bia", "mailstore") == ("bia@dest.test", passwords["bia"])
    assert opened("bia@a.test", "own") == ("bia@a.test", "hers")
    assert opened("cai+x@b.test", "own") == ("cai+x@b.test", "his")


def test_scripts_are_taken_back_from_the_worlds_store() -> None:
    scene = Scene()
    scene.stores.put("bia", "keep;", "mailstore")
    scene.stores.put("bia@a.test", "discard;", "own")
    assert scene.stores.scripts("own") == {"bia@a.test": "discard;"}
    scene.stores.clear()
    assert {name: sieve.cleared for name, sieve in scene.sieves.items()} == {"mailstore": True, "own": False}
    assert scene.stores.scripts("own") == {}


def test_a_host_without_mailboxes() -> None:
    with pytest.raises(LabError, match=r"mx1 has no mailboxes\n  mail stores: mailstore, own"):
        Scene().stores.mailbox("bia", "mx1")
