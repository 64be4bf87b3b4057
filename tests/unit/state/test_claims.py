"""Claims on hosts, between threads and between processes."""

from __future__ import annotations

import subprocess
import sys
import threading
from contextlib import ExitStack
from pathlib import Path

import pytest

from lab.errors import LabError
from lab.state.claims import Holding, claim

HOLD = """
import sys
from lab.state.claims import claim
with claim("main", [], ["mx1"]):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_many_share_a_host() -> None:
    with claim("main", ["mx1", "mx2"]), claim("main", ["mx1"], timeout=0):
        pass


@pytest.mark.parametrize(("first", "second"), [((["mx1"], []), ([], ["mx1"])), (([], ["mx1"]), (["mx1"], []))])
def test_one_that_is_alone_keeps_others_away(
    first: tuple[list[str], list[str]], second: tuple[list[str], list[str]]
) -> None:
    with claim("main", *first):
        with (
            pytest.raises(LabError, match="another run has had the host mx1 for 0 s"),
            claim("main", *second, timeout=0),
        ):
            pass
        with claim("other", *second, timeout=0):  # another lab
            pass
        with claim("main", ["mx2"], ["mx3"], timeout=0):
            pass
    with claim("main", *second, timeout=0):
        pass


def test_what_was_got_is_given_back_when_the_rest_is_not_there() -> None:
    with claim("main", [], ["mx2"]):
        with pytest.raises(LabError), claim("main", [], ["mx1", "mx2"], timeout=0):
            pass
        with claim("main", [], ["mx1"], timeout=0):
            pass


def test_those_who_come_later_wait_behind_whoever_wants_it_alone() -> None:
    """Else a host that is always in use could never be had alone."""
    order: list[str] = []
    waiting = threading.Event()

    def alone() -> None:
        waiting.set()
        with claim("main", [], ["mx1"]):
            order.append("alone")

    with ExitStack() as first:
        first.enter_context(claim("main", ["mx1"]))
        thread = threading.Thread(target=alone)
        thread.start()
        waiting.wait(5)
        late: list[bool] = []
        while not late:  # until it holds the gate
            try:
                with claim("main", ["mx1"], timeout=0):
                    pass
            except LabError:
                late.append(True)
    thread.join(5)
    assert order == ["alone"]


def test_other_processes_are_kept_away_as_long_as_they_live() -> None:
    root = Path(__file__).parents[3]
    with subprocess.Popen([sys.executable, "-c", HOLD], stdin=-1, stdout=-1, text=True, cwd=root) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(LabError), claim("main", ["mx1"], timeout=0):
            pass
        other.kill()
        other.wait()
        with claim("main", [], ["mx1"], timeout=5):
            pass


def test_a_test_has_a_host_alone_for_a_while_and_keeps_what_it_has_alone_already() -> None:
    holding = Holding("main", ["mx1", "mx2", "mx3"])
    with claim("main", ["mx1", "mx2", "mx3"], timeout=0):  # another test beside it
        pass
    with holding.alone("mx1"), holding.alone("mx2"), holding.alone("mx2"):
        for host in ("mx1", "mx2"):
            with pytest.raises(LabError), claim("main", [host], timeout=0):
                pass
        with claim("main", ["mx3"], timeout=0):
            pass
    with claim("main", ["mx1", "mx2", "mx3"], timeout=0):
        pass
    with pytest.raises(LabError), claim("main", [], ["mx1"], timeout=0):
        pass
    holding.close()
    with claim("main", [], ["mx1", "mx2", "mx3"], timeout=0):
        pass


def test_two_tests_that_want_each_others_hosts_alone_do_not_wait_in_a_circle() -> None:
    done: list[str] = []

    def work(host: str) -> None:
        holding = Holding("main", ["mx1", "mx2"])
        for _ in range(20):
            with holding.alone(host):
                done.append(host)
        holding.close()

    threads = [threading.Thread(target=work, args=(host,)) for host in ("mx1", "mx2")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(done) == ["mx1"] * 20 + ["mx2"] * 20
