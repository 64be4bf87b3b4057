"""Sandboxes: who has which is told by labels alone, and what nobody can vouch for is not used again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lab.engine.hosts import OWNER, Host, inspect
from lab.engine.protocol import Confinement, Network, Pool, Specification
from lab.servers import guest
from lab.servers.sandboxes import SPARE, Sandbox, following, taken
from lab.world import extra
from tests.unit.memory_engine import MemoryEngine

NETWORK = "mail-lab-main_lab"
ALLOWED = Confinement(capabilities=("CHOWN",), dns=("198.18.0.2",))


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MemoryEngine:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    found = MemoryEngine()
    pools = (Pool("198.18.0.0/20", "198.18.4.0/22"), Pool("2001:2::/64"))
    found.nets = [Network("id", NETWORK, {}, ipv6=True, pools=pools)]
    return found


def brought(engine: MemoryEngine, name: str, owner: str = "me") -> Host:
    """Return a host that has just been brought along, as :mod:`lab.servers.guest` makes it."""
    labels = {
        "mail-lab.name": "main",
        OWNER: owner,
        "mail-lab.host": name,
        "mail-lab.role": "mx",
        "mail-lab.fqdn": name,
    }
    with taken(engine, "main", "me", NETWORK, "image", ALLOWED) as sandbox:
        container = engine.create(Specification("image", name=name, labels={**labels, **sandbox.labels}))
    return inspect(engine, container)


def test_a_new_one_has_an_address_and_may_do_nothing(engine: MemoryEngine) -> None:
    with taken(engine, "main", "me", NETWORK, "image", ALLOWED) as sandbox:
        made = engine.inspect(sandbox.container)
    assert (sandbox.address, sandbox.address6, sandbox.stays) == ("198.18.4.1", "2001:2::4:1", True)
    assert (made.endpoints[NETWORK].asked, made.endpoints[NETWORK].asked6) == (sandbox.address, sandbox.address6)
    assert made.confinement == replace(ALLOWED, capabilities=())
    assert "mail-lab.host" not in made.labels


def test_a_host_has_the_addresses_of_its_sandbox_and_shares_it_with_nobody(engine: MemoryEngine) -> None:
    one, two = brought(engine, "one"), brought(engine, "two")
    assert one.addresses == ("198.18.4.1", "2001:2::4:1")
    assert two.addresses == ("198.18.4.2", "2001:2::4:2")
    assert one.sandbox != two.sandbox


def test_what_a_host_leaves_is_used_again_after_the_others(engine: MemoryEngine) -> None:
    one, two = brought(engine, "one"), brought(engine, "two")
    guest.remove(engine, one, untouched=True)
    guest.remove(engine, two, untouched=True)
    again = [brought(engine, name).sandbox for name in ("three", "four", "five")]
    assert again[:2] == [one.sandbox, two.sandbox]
    assert again[2] not in (one.sandbox, two.sandbox)


def test_where_something_was_made_wrong_the_sandbox_goes_before_its_host(engine: MemoryEngine) -> None:
    """Else one that is killed between the two would leave it to others."""
    host = brought(engine, "one")
    guest.remove(engine, host, untouched=False)
    assert engine.done[-2:] == [("remove", host.sandbox), ("remove", host.container)]


def test_more_than_the_spare_ones_go_with_their_hosts(engine: MemoryEngine) -> None:
    hosts = [brought(engine, f"host-{number}") for number in range(SPARE + 2)]
    for each in hosts:
        guest.remove(engine, each, untouched=True)
    assert len(engine.there) == SPARE


def test_what_a_process_that_is_gone_has_brought_along_goes_with_its_sandboxes(engine: MemoryEngine) -> None:
    """And each once, a sandbox before its host, although they are removed several at once."""
    mine = brought(engine, "mine")
    theirs = [brought(engine, f"host-{number}", owner="gone") for number in range(SPARE + 2)]
    guest.remove_of(engine, "gone")
    assert {*engine.there} == {mine.sandbox, mine.container}
    removed = [container for done, container in engine.done if done == "remove"]
    assert {*removed[: len(theirs)]} == {each.sandbox for each in theirs}
    assert sorted(removed[len(theirs) :]) == sorted(each.container for each in theirs)


def test_a_process_killed_before_its_host_was_made_leaves_a_sandbox_to_the_next(engine: MemoryEngine) -> None:
    with taken(engine, "main", "me", NETWORK, "image", ALLOWED) as sandbox:
        pass
    assert brought(engine, "one").sandbox == sandbox.container


def test_round_and_round_in_the_order_of_addresses() -> None:
    free = {"198.18.4.2", "198.18.4.10", "198.18.5.1"}
    assert [following(last, free) for last in ("", "198.18.4.2", "198.18.4.10", "198.18.5.1", "198.18.4.7")] == [
        "198.18.4.2",
        "198.18.4.10",
        "198.18.5.1",
        "198.18.4.2",
        "198.18.4.10",
    ]


def test_no_kind_of_host_may_change_its_network() -> None:
    """What one leaves in its sandbox is proven by that."""
    allowed = {each for several in extra.CAPABILITIES.values() for each in several}
    assert not allowed & {"NET_ADMIN", "SYS_ADMIN", "ALL"}
    assert Sandbox("id", "198.18.4.1", "", stays=True).labels["mail-lab.address6"] == ""
