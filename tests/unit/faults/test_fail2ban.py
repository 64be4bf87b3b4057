"""What fail2ban is told, and who is banned by what it says."""

from __future__ import annotations

import pytest

from lab.engine.hosts import inspect
from lab.errors import LabError
from lab.faults.kinds.fail2ban import Fail2ban
from lab.faults.kinds.site import Site
from lab.faults.reader import at_host
from tests.unit.memory_engine import MemoryEngine, host


def test_a_jail_has_the_names_of_fail2ban() -> None:
    found = Fail2ban.read({"maxretry": 3, "bantime": 8, "filter": "postfix[x=%d]"})
    assert found.jail.splitlines() == [
        "[postfix]",
        "maxretry = 3",
        "findtime = 600",
        "bantime = 8",
        "filter = postfix[x=%%d]",
    ]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (5, "fail2ban: must be a table, not 5"),
        ({"maxretry": 0}, "fail2ban.maxretry: must be a whole number from 1 to 1000, not 0"),
        ({"bantime": "5m", "findtime": True}, "fail2ban.bantime: must be a whole number from 1 to 86400, not '5m'"),
        ({"bantim": 5}, "fail2ban.bantim: unknown key bantim (did you mean bantime?)"),
        ({"filter": "a\nb"}, "fail2ban.filter: must be the name of a filter, not"),
    ],
)
def test_every_mistake_is_told(table: object, said: str) -> None:
    with pytest.raises(LabError) as caught:
        at_host("mx", {"fail2ban": table})
    assert said in str(caught.value)


def test_it_reads_the_log_of_a_postfix() -> None:
    for role in ("mx", "smarthost", "client"):
        assert at_host(role, {"fail2ban": {}}).whole is not None
    for role in ("mailstore", "resolver", "scanner"):
        with pytest.raises(LabError):
            at_host(role, {"fail2ban": {}})


def test_the_command_line_cannot_hand_it_a_log() -> None:
    engine = MemoryEngine(host("mx1"))
    whole = at_host("mx", {"fail2ban": {}}).whole
    assert whole is not None
    with pytest.raises(LabError, match="for tests and scenarios"):
        whole.fault.apply(Site(engine, inspect(engine, "id-mx1"), {}, lambda: None, "tools"))
