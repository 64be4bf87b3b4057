"""What a test makes wrong at a host, at its answers and at scripted addresses, and that all of it is put right."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lab.engine.hosts import Host
from lab.errors import LabError
from lab.faults import kinds
from lab.faults.for_a_test import Breakage, HostFaults
from lab.faults.keys import read
from lab.servers.present import Present
from lab.state.lease import Lease, in_force


def mx(name: str, octet: int) -> Host:
    return Host(name, "mx", f"{name}.dest.test", f"198.18.0.{octet}", "running", f"id-{name}", "")


class Scene:
    """The parts that faults take, each as small as they need it; ``did`` has what was done, in order."""

    def __init__(self) -> None:
        self.did: list[str] = []
        self.hosts = Present({"mx1": mx("mx1", 11)})
        self.hosts.brought["own"] = mx("own", 70)
        self.lease = Lease("faults")
        self.domains: Any = SimpleNamespace(texts={}, at_scripted=lambda: {"mx-a": ["198.18.0.128", "198.18.0.129"]})
        self.whole = HostFaults(self.hosts, lambda host: host, lambda: self.lease, self.alone)  # type: ignore[arg-type, return-value]
        self.breakage = Breakage(self.hosts, self.domains, lambda: self, self.whole)  # type: ignore[arg-type, return-value]

    @contextmanager
    def alone(self, host: str) -> Iterator[None]:
        self.did.append(f"claim {host}")
        yield
        self.did.append(f"share {host}")

    def script(self, address: str, script: Any) -> None:
        self.did.append(f"script {address} {script}")

    def policy(self, *, host: Any, recipient: str = "*", **_: Any) -> str:
        self.did.append(f"policy at {host[0]} for {recipient}")
        return recipient

    def retract(self, policy: str) -> None:
        self.did.append(f"retract {policy}")


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Scene]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    made = Scene()
    for verb in ("apply", "heal"):
        monkeypatch.setattr(
            kinds.KINDS["refuse"], verb, lambda _, site, verb=verb: made.did.append(f"{verb} {site.name}")
        )
    yield made
    made.lease.close()


def test_a_host_is_had_alone_while_it_is_wrong_and_the_lease_knows(scene: Scene) -> None:
    with scene.whole.at("mx1", read("connect", "refuse")):
        assert in_force("faults") == {
            scene.lease.owner: [{"kind": "refuse", "host": "mx1", "wrong": {"connect": "refuse"}}]
        }
    assert scene.did == ["claim mx1", "apply mx1", "heal mx1", "share mx1"]
    assert in_force("faults") == {scene.lease.owner: []}


def test_a_host_is_healed_when_the_test_fails(scene: Scene) -> None:
    with pytest.raises(ZeroDivisionError), scene.breakage.at("mx1", {"connect": "refuse"}):
        raise ZeroDivisionError
    assert scene.did[-1] == "heal mx1"
    assert in_force("faults") == {scene.lease.owner: []}


def test_a_shared_mx_answers_so_to_this_tests_domains(scene: Scene) -> None:
    with pytest.raises(LabError, match=r"of this test's domains only, and it has none yet\n  use lab\.domain"):
        scene.breakage.at("mx1", {"rcpt": "450 4.2.0 later"}).__enter__()
    scene.domains.texts |= {"a.test": "", "b.test": ""}
    with scene.breakage.at("mx1", {"rcpt": "450 4.2.0 later"}):
        pass
    assert scene.did == [
        "policy at 198.18.0.11 for *@a.test",
        "policy at 198.18.0.11 for *@b.test",
        "retract *@b.test",
        "retract *@a.test",
    ]


def test_a_host_that_the_test_has_brought_along_answers_so_to_everybody(scene: Scene) -> None:
    with scene.breakage.at("own", {"rcpt": "450 4.2.0 later"}):
        assert scene.did == ["policy at 198.18.0.70 for *"]


def test_a_name_stands_for_each_of_its_scripted_addresses(scene: Scene) -> None:
    with scene.breakage.at("mx-a", {"connect": "refuse"}):
        assert scene.did == [f"script 198.18.0.{octet} {{'connect': 'refuse'}}" for octet in (128, 129)]
    assert scene.did[2:] == ["script 198.18.0.129 {}", "script 198.18.0.128 {}"]


def test_a_name_that_is_nowhere(scene: Scene) -> None:
    with pytest.raises(
        LabError, match=r"'mx9' is neither a host of the lab .*\n  hosts: mx1, own; a zone names others"
    ):
        scene.breakage.at("mx9", {"connect": "refuse"})


def test_bans_are_told_by_name(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kinds, "banned", lambda _: {"198.18.0.70": 9, "198.18.0.99": 3})
    assert scene.whole.banned("mx1") == {"own": 9, "198.18.0.99": 3}
    assert scene.whole.banned_by(scene.hosts["mx1"], {}) == {"198.18.0.70": 9, "198.18.0.99": 3}
