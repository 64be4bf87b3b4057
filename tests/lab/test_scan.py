"""Who scans ports is banned for a while: port 25 "looks closed" to him, and to nobody else."""

from __future__ import annotations

import pytest

from lab import Lab, LabError
from lab.engine.hosts import Host
from tests.lab.inside import inside

from .story import answers, departures

# Connects to each port and says "PORT: first line", or the error; one that is silent is given up after $3 seconds.
PROBE = """
for port in $2; do
  said=$(timeout $3 bash -c "exec 3<>/dev/tcp/$1/$port && head -n 1 <&3" 2>&1) || said=${said##*: }
  echo "$port: ${said:-no answer}"
done
"""
SLOWLY = """
for port in 1 2 3 4 5 6; do
  bash -c "exec 3<>/dev/tcp/$1/$port"
  sleep $2
done
"""
MX = "@ MX 10 mx\nmx A $MX\n"


def probe(lab: Lab, source: str, target: str, ports: str, patience: int = 20) -> dict[int, str]:
    """Connect from the host *source* to *ports* ("1 2 25") of the address *target*, and return what each said."""
    printed = inside(lab, source, "bash", "-c", PROBE, "probe", target, ports, str(patience)).output
    lines = (line.partition(": ") for line in printed.splitlines())
    return {int(port): said for port, _, said in lines}


def bring_along(lab: Lab) -> tuple[str, Host]:
    """Return a new domain and its only MX; a host "scanner" retries soon."""
    domain = lab.new_domain()
    mx = lab.host("mx", like="mx1", domain=domain)
    # Not 1 s: then a message is due at once, may still be locked by its last delivery, and rests 60 s (qmgr_active.c).
    timers = "minimal_backoff_time = 2s\nmaximal_backoff_time = 2s\nqueue_run_delay = 1s\nsmtp_connect_timeout = 1s\n"
    lab.host("scanner", domain=domain, main_cf=timers)
    lab.zone(MX, domain)
    return domain, mx


@pytest.mark.parametrize(
    ("verdict", "seen", "reason"),
    [("reset", "Connection refused", "Connection refused"), ("drop", "no answer", "Connection timed out")],
)
def test_scanner_sees_port_25_closed_while_telnet_still_works(lab: Lab, verdict: str, seen: str, reason: str) -> None:
    domain, mx = bring_along(lab)
    with lab.fault("mx", scan_ban={"after": 5, "for": 300, "verdict": verdict}):
        before = probe(lab, "scanner", mx.address, "25 1 2 3 4 5")
        assert before.pop(25) == f"220 mx.{domain} ESMTP Postfix"
        assert set(before.values()) == {"Connection refused"}
        assert lab.banned("mx") == {}

        assert probe(lab, "scanner", mx.address, "6 25", patience=1)[25] == seen
        (left,) = lab.banned("mx").items()
        assert left[0] == "scanner"
        assert 0 < left[1] <= 300
        assert probe(lab, "direct", mx.address, "25") == {25: f"220 mx.{domain} ESMTP Postfix"}
        route = lab.send(to=f"bia@{domain}", via="scanner").route(until="deferred")
    assert route.attempts[0].reason == reason
    assert departures(route) == []


def test_mail_of_the_banned_arrives_when_the_ban_has_expired(lab: Lab) -> None:
    domain, mx = bring_along(lab)
    with lab.fault("mx", scan_ban={"after": 5, "for": 6}):
        probe(lab, "scanner", mx.address, "1 2 3 4 5 6")
        route = lab.send(to=f"bia@{domain}", via="scanner").route(until="delivered")
        assert lab.banned("mx") == {}
        assert probe(lab, "scanner", mx.address, "25") == {25: f"220 mx.{domain} ESMTP Postfix"}
    assert answers(route)[0] == "mx failed connect"
    assert answers(route)[-1] == "mx accepted end-of-data"
    assert route.mailbox == "INBOX"
    assert departures(route) == []


def test_a_client_that_comes_back_to_one_closed_port_is_no_scanner(lab: Lab) -> None:
    mx = lab.host("mx", like="mx1")
    with lab.fault("mx", scan_ban={"after": 2, "for": 60}):
        assert set(probe(lab, "direct", mx.address, "465 " * 10).values()) == {"Connection refused"}
        assert lab.banned("mx") == {}
        probe(lab, "direct", mx.address, "110 143")
        assert lab.banned("mx").keys() == {"direct"}
    assert lab.banned("mx") == {}
    assert probe(lab, "direct", mx.address, "25")[25].startswith("220 ")


def test_a_scan_over_ipv6_bans_there(lab: Lab) -> None:
    """Each family is counted, and banned, for itself: nobody can tell that two addresses are one host."""
    if not lab.ipv6:
        pytest.skip("this lab has no IPv6")
    mx = lab.host("mx", like="mx1")
    with lab.fault("mx", scan_ban={"after": 2, "for": 60}):
        probe(lab, "direct", mx.address6, "1 2 3")
        assert lab.banned("mx").keys() == {"direct"}
        assert probe(lab, "direct", mx.address6, "25") == {25: "Connection refused"}
        assert probe(lab, "direct", mx.address, "25")[25].startswith("220 ")


def test_every_mistake_in_a_ban_is_told(lab: Lab) -> None:
    with pytest.raises(LabError) as caught:
        lab.fault("mx1", scan_ban={"after": 0, "four": 10, "for": "long", "verdict": "refuse"})
    text = str(caught.value)
    for part in (
        "unknown key four (did you mean for?)",
        "whole number from 1 to 1000, not 0",
        "not 'long'",
        "not 'refuse'",
    ):
        assert part in text


@pytest.mark.parametrize(("pace", "seen"), [("1", True), ("2.6", False)])
def test_ports_of_ten_seconds_count(lab: Lab, pace: str, seen: bool) -> None:
    mx = lab.host("mx", like="mx1")
    with lab.fault("mx", scan_ban={"after": 5}):
        inside(lab, "direct", "bash", "-c", SLOWLY, "probe", mx.address, pace)
        assert ("direct" in lab.banned("mx")) is seen
