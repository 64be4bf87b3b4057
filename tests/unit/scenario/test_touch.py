"""Which hosts a scenario shares, and which it must have alone."""

from __future__ import annotations

import pytest

from lab.scenario.batch import disturbs
from lab.scenario.run.hosts_needed import alone, names, shared
from tests.unit.scenario.conftest import GOOD, scenario

HEAD = 'title = "t"\nteaches = "t"\nzone = "@ MX 10 mx2.dest.test."\n'
MESSAGE = '[[message]]\nto = "bia@$DOMAIN"\nvia = "direct"\n[expect]\noutcome = "delivered"\n'


@pytest.mark.parametrize(
    ("text", "together", "by_itself"),
    [
        (GOOD, {"client", "direct", "mailstore", "mx1", "smarthost"}, set()),
        (HEAD + MESSAGE, {"client", "direct", "mailstore", "mx2", "smarthost"}, set()),
        (HEAD + MESSAGE + "[faults.mx2]\nhost = 'stopped'\n", {"client", "direct", "mailstore", "smarthost"}, {"mx2"}),
        (
            HEAD + MESSAGE.replace("bia@$DOMAIN", "bia@[IPv6:$MX3_V6]"),
            {"client", "direct", "mailstore", "mx2", "mx3", "smarthost"},
            set(),
        ),
        (
            HEAD + MESSAGE + "[faults.mx2]\nrcpt = '450 4.2.0 no'\n",
            {"client", "direct", "mailstore", "mx2", "smarthost"},
            set(),
        ),
        (
            HEAD + MESSAGE.replace("bia@$DOMAIN", "bia@dest.test"),
            {"client", "direct", "mailstore", "mx1", "mx2", "mx3", "smarthost"},
            set(),
        ),
        (
            HEAD + "[[step]]\nrun = 'mx3'\ncommand = ['true']\n",
            {"client", "mailstore", "mx2", "mx3", "smarthost"},
            set(),
        ),
        (
            HEAD + MESSAGE + "[[step]]\nsend = 'message'\n[[step]]\nrestart = 'direct'\n",
            {"client", "mailstore", "mx2", "smarthost"},
            {"direct"},
        ),
        (
            HEAD + MESSAGE + "[hosts.own]\n[faults.own]\nhost = 'stopped'\n",
            {"client", "direct", "mailstore", "mx2", "smarthost"},
            set(),
        ),
    ],
)
def test_hosts(text: str, together: set[str], by_itself: set[str]) -> None:
    found = scenario(text)
    assert (set(shared(found)), set(alone(found))) == (together, by_itself)


def test_who_gets_in_whose_way() -> None:
    uses, breaks = scenario(HEAD + MESSAGE), scenario(HEAD + MESSAGE + "[faults.mx2]\nhost = 'stopped'\n")
    other = scenario(GOOD)
    assert disturbs(uses, breaks)
    assert disturbs(breaks, uses)
    assert disturbs(breaks, breaks)
    assert not disturbs(uses, uses)
    assert not disturbs(other, breaks)


def test_a_written_name_is_served_by_one_run_at_a_time() -> None:
    one, other = (scenario(HEAD + MESSAGE + f"[zones]\n'{name}' = '@ A 127.0.0.1'\n") for name in ("a.", "b."))
    assert names(one) == {"zone a."}
    assert alone(one) == set()
    assert disturbs(one, one)
    assert not disturbs(one, other)
    assert not disturbs(one, scenario(HEAD + MESSAGE))
