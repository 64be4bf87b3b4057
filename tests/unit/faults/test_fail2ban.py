"""What fail2ban is told, and who is banned by what it says."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from lab.errors import LabError
from lab.faults.grammar import at_host
from lab.faults.kinds import fail2ban
from lab.faults.kinds.site import Site


def test_a_jail_has_the_names_of_fail2ban() -> None:
    jail = fail2ban.read({"maxretry": 3, "bantime": 8, "filter": "postfix[x=%d]"})
    assert jail.text.splitlines() == [
        "[postfix]",
        "maxretry = 3",
        "findtime = 600",
        "bantime = 8",
        "filter = postfix[x=%%d]",
    ]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (5, "5 is no table"),
        ({"maxretry": 0}, "maxretry: 0 is no whole number from 1 to 1000"),
        ({"bantime": "5m", "findtime": True}, "bantime: '5m' is no whole number from 1 to 86400"),
        ({"bantim": 5}, "unknown key bantim (did you mean bantime?)"),
        ({"filter": "a\nb"}, "is no name of a filter"),
    ],
)
def test_every_mistake_is_told(table: object, said: str) -> None:
    with pytest.raises(LabError) as caught:
        fail2ban.read(table)
    assert said in str(caught.value)


def test_it_reads_the_log_of_a_postfix() -> None:
    for role in ("mx", "smarthost", "client"):
        assert at_host(role, {"fail2ban": {}}).whole is not None
    for role in ("mailstore", "resolver", "scanner"):
        with pytest.raises(LabError):
            at_host(role, {"fail2ban": {}})


def test_the_command_line_cannot_hand_it_a_log() -> None:
    container: Any = SimpleNamespace(labels={})
    docker: Any = SimpleNamespace(api=None)
    host: Any = SimpleNamespace(container="id", name="mx1")
    whole = at_host("mx", {"fail2ban": {}}).whole
    assert whole is not None
    with pytest.raises(LabError, match="for tests and scenarios"):
        whole.apply(Site(docker, host, container, lambda: None, "tools"))
