"""Who leaves the wrong lines in Postfix's log is banned by fail2ban, for a while, and nobody else is."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time

import pytest

from lab import Lab, LabError
from lab.faults.kinds.fail2ban import GUARDED
from tests.lab.inside import inside

from .test_scan import probe

PATIENCE = 30.0  # seconds; fail2ban looks once a second


def ask_for_relay(lab: Lab, source: str, target: str, times: int) -> None:
    """Offer mail for a stranger so many times: each is a line "Relay access denied"."""
    words = f"swaks --server {target} --from a@home.test --to x@elsewhere.test --quit-after RCPT"
    inside(lab, source, "bash", "-c", f"for time in $(seq {times}); do {words}; done")


def await_ban(lab: Lab, host: str, who: str, *, banned: bool = True) -> dict[str, int]:
    """Return who is banned as soon as *who* is (or is no more)."""
    deadline, pause = time.monotonic() + PATIENCE, threading.Event()
    while (who in (found := lab.banned(host))) != banned:
        assert time.monotonic() < deadline, f"{who} banned: {not banned}, still"
        pause.wait(0.2)
    return found


def test_ban_by_log_lines_is_for_one_and_for_a_while(lab: Lab) -> None:
    mx = lab.host("mx", like="mx1")
    with lab.fault("mx", fail2ban={"maxretry": 3, "bantime": 15}):
        ask_for_relay(lab, "direct", mx.address, 2)
        ask_for_relay(lab, "client", mx.address, 3)
        (left,) = await_ban(lab, "mx", "client").items()
        assert left[0] == "client"
        assert 0 < left[1] <= 15
        assert probe(lab, "client", mx.address, "25") == {25: "Connection refused"}
        assert probe(lab, "direct", mx.address, "25")[25].startswith("220 ")
        await_ban(lab, "mx", "client", banned=False)
        assert probe(lab, "client", mx.address, "25")[25].startswith("220 ")
    assert lab.docker.api.containers(all=True, filters={"label": f"{GUARDED}={mx.container}"}) == []


def test_who_is_banned_at_a_host_of_a_test_is_listed_for_everybody(lab: Lab) -> None:
    """And nobody is any more when the fault is healed, though the time is not over."""
    mx = lab.host("mx", like="mx1")
    with lab.fault("mx", fail2ban={"maxretry": 1}):
        ask_for_relay(lab, "client", mx.address, 1)
        await_ban(lab, "mx", "client")
        listed = [sys.executable, "-m", "lab", "--lab", lab.name, "fault", "list", "--json"]
        said = json.loads(subprocess.run(listed, check=True, capture_output=True, text=True).stdout)
        (entry,) = (each for each in said if each["owner"] == lab.lease.owner and each["where"] == "mx")
        assert entry["what"] == {"fail2ban": {"maxretry": 1}}
        assert 200 < entry["banned"]["client"] <= 300
    assert lab.banned("mx") == {}
    assert probe(lab, "client", mx.address, "25")[25].startswith("220 ")


def test_what_fail2ban_does_not_take_is_told_in_its_words(lab: Lab) -> None:
    mx = lab.host("mx", like="mx1")
    with pytest.raises(LabError) as caught, lab.fault("mx", fail2ban={"filter": "postfiks"}):
        pass
    assert "fail2ban beside mx has no jail" in str(caught.value)
    assert "postfiks" in str(caught.value)
    assert lab.docker.api.containers(all=True, filters={"label": f"{GUARDED}={mx.container}"}) == []
