"""Hosts that are stopped, frozen or closed, and a lab that heals after a process that was killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lab import Lab, LabError, RouteTimeoutError
from lab.engine.hosts import find

from .story import answers, departures


def test_stopped_host_is_unreachable(lab: Lab) -> None:
    """A stopped container has no address any more: "No route to host" or a time-out, never "refused"."""
    with lab.stopped("mx1"):
        route = lab.send(to=f"bia@{lab.domain}", via="direct").route()
    assert answers(route) == ["mx1 failed connect", "mx2 accepted end-of-data"]
    assert route.attempts[0].reason in ("No route to host", "Connection timed out")
    assert departures(route) == []
    again = lab.send(to=f"bia@{lab.domain}", via="direct").route()
    assert again.accepted_by == "mx1"


def test_paused_host_accepts_the_connection_and_says_nothing(lab: Lab) -> None:
    with lab.paused("mx1"):
        route = lab.send(to=f"bia@{lab.domain}", via="direct").route()
    assert answers(route) == ["mx1 failed banner", "mx2 accepted end-of-data"]
    assert route.attempts[0].reason == "timed out while receiving the initial server greeting"
    assert route.accepted_by == "mx2"


def test_mailstore_away_is_deferred_by_the_mx(lab: Lab) -> None:
    with lab.stopped("mailstore"):
        sent = lab.send(to=f"bia@{lab.domain}", via="direct")
        route = sent.route()
        assert (route.outcome, route.accepted_by, route.mailbox) == ("deferred", "mx1", None)
    lab.queue("mx1").flush(route.attempts[0].next_queue_id)
    assert sent.route(until="delivered").mailbox == "INBOX"


def test_hold_and_release_and_delete(lab: Lab) -> None:
    with lab.fault("mx1", connect="refuse"), lab.fault("mx2", connect="refuse"), lab.fault("mx3", connect="refuse"):
        sent = [lab.send(to=f"bia@{lab.domain}", via="direct") for _ in range(2)]
        ids = [each.receipt.queue_id for each in sent]
        for each in sent:
            assert each.route().outcome == "deferred"
        for queue_id in ids:
            assert queue_id is not None
            lab.queue("direct").hold(queue_id)
        assert sent[0].route(until="held").reason == "placed on hold (postsuper -h)"
        assert {m.queue for m in lab.queue("direct").list() if m.queue_id in ids} == {"hold"}
    assert ids[0] is not None
    assert ids[1] is not None
    lab.queue("direct").release(ids[0])
    lab.queue("direct").delete(ids[1])
    lab.queue("direct").flush(ids[0])
    assert sent[0].route(until="delivered").accepted_by == "mx1"
    assert sent[1].route(until="discarded").reason == "deleted from the queue (postsuper -d)"


def test_message_that_is_made_to_expire_goes_back_to_its_sender(lab: Lab) -> None:
    """postsuper -e: the next queue run returns the message without one more attempt."""
    domain = lab.zone("@ MX 10 mx-a\nmx-a A $SCRIPTED_1\n")
    with lab.fault("mx-a", connect="refuse"):
        sent = lab.send(to=f"bia@{domain}", via="direct")
        assert sent.route().outcome == "deferred"
        assert sent.receipt.queue_id is not None
        lab.queue("direct").expire(sent.receipt.queue_id)
        lab.queue("direct").flush(sent.receipt.queue_id)
        route = sent.route(until="expired")
    assert route.attempted == ["mx-a"]
    (notice,) = route.notifications
    assert (notice.kind, notice.route and notice.route.recipient) == ("failed", "ana@home.test")


def test_first_connections_to_a_scripted_address_fail_and_the_next_is_normal(lab: Lab) -> None:
    """A connection that is dropped counts once, though its SYN comes again (timers.cf: at 0 and 1 s of 2 s)."""
    domain = lab.zone("@ MX 10 odd\n@ MX 20 good\nodd A $SCRIPTED_1\ngood A $SCRIPTED_2\n")
    rules = [{"drop": True, "first": 1}, {"close_after_accept": True, "first": 1}, {"refuse": True, "first": 1}]
    seen = []
    with lab.fault("odd", connect=rules):
        for _ in range(4):
            seen.append(lab.send(to=f"bia@{domain}", via="direct").route().attempts[0])
            with lab.fault("good", connect="refuse"):  # what is put elsewhere meanwhile changes no count
                pass
    assert [(each.stage, each.outcome) for each in seen] == [
        ("connect", "failed"),
        ("banner", "failed"),
        ("connect", "failed"),
        ("end-of-data", "accepted"),
    ]
    assert [seen[0].reason, seen[2].reason] == ["Connection timed out", "Connection refused"]


def test_timeout_says_what_is_awaited_and_what_was_seen(lab: Lab) -> None:
    with lab.fault("mx1", connect="refuse"), lab.fault("mx2", connect="refuse"), lab.fault("mx3", connect="refuse"):
        sent = lab.send(to=f"bia@{lab.domain}", via="direct")
        assert sent.route().outcome == "deferred"
        with pytest.raises(RouteTimeoutError) as caught:
            sent.route(until="delivered", timeout=0.5)
    text = str(caught.value)
    assert "the outcome 'delivered'" in text
    assert "Connection refused" in text
    assert f"direct: deferred {sent.receipt.queue_id}" in text


def test_unknown_names_are_told_with_the_known_ones(lab: Lab) -> None:
    with pytest.raises(LabError, match=r"(?s)no host 'mx9'.*mx1, mx2, mx3"):
        lab.queue("mx9")
    with pytest.raises(LabError, match=r"(?s)'mx-z' is neither a host of the lab.*mx1"):
        lab.fault("mx-z", connect="refuse").__enter__()
    with pytest.raises(LabError, match=r"(?s)nobody in the lab is called 'zoe'.*ana, bia"):
        lab.mailbox("zoe")
    with pytest.raises(LabError, match="mx1:26 is not published"):
        lab.send(to="bia@dest.test", via="mx1:26")


def test_zone_with_mistakes_is_refused_as_a_whole_with_all_of_them(lab: Lab) -> None:
    domain = lab.zone("@ MX 10 mx1.dest.test.\n")
    with pytest.raises(LabError) as caught:
        lab.zone("@ MXX 10 mx2.dest.test.\nmx-a A 198.18.0.300\n", domain)
    text = str(caught.value)
    assert f"{domain}.zone:1:" in text
    assert "did you mean MX" in text
    assert f"{domain}.zone:2:" in text
    assert lab.send(to=f"bia@{domain}", via="direct").route().accepted_by == "mx1"


KILLED = """
import os, signal
from lab import Lab
from lab.engine import connection
from lab.world.world import World
lab = Lab(World({name!r}, connection.ensure(print)))
domain = lab.zone("@ MX 10 mx-a\\nmx-a A $SCRIPTED_1\\n")
lab.host("guest")
fault = lab.fault("mx2", connect="refuse")
fault.__enter__()
paused = lab.paused("mx3")
paused.__enter__()
print(domain, lab.lease.owner, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_process_left_is_healed_by_the_next_command(lab: Lab) -> None:
    assert lab.holding is not None
    with lab.holding.alone("mx2"), lab.holding.alone("mx3"):
        _kill_and_heal(lab)
    with lab.fault("mx1", connect="refuse"):
        assert lab.send(to=f"bia@{lab.domain}", via="direct").route().accepted_by == "mx2"


def _kill_and_heal(lab: Lab) -> None:
    killed = subprocess.run(
        [sys.executable, "-c", KILLED.format(name=lab.name)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    domain, owner = killed.stdout.splitlines()[-1].split()
    assert "guest" in find(lab.engine, lab.name, owner)
    assert f"{domain}." in [zone["origin"] for zone in lab.dns.zones()]
    assert find(lab.engine, lab.name)["mx3"].state == "paused"
    lab.heal()
    assert f"{domain}." not in [zone["origin"] for zone in lab.dns.zones()]
    assert find(lab.engine, lab.name)["mx3"].state == "running"
    assert "guest" not in find(lab.engine, lab.name, owner)
