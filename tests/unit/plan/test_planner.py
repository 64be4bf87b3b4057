"""Plans from what the hosts have as settings now, what the DNS says now, and the scripts that were put."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from dnszone.masterfile import read as read_zone
from dnszone.zones import Zones
from lab.engine.hosts import Host
from lab.errors import LabError
from lab.plan.planner import Planner
from lab.servers.postfix.settings import read
from lab.servers.present import Present

ZONE = "@ MX 10 mx1.dest.test.\n"
HOSTS = Present(
    {
        name: Host(name, role, f"{name}.test", address, "running", name, "")
        for name, role, address in (("direct", "client", "198.18.0.22"), ("dns", "dns", "198.18.0.2"))
    }
)


def planner(settings: str = "", *, changed: bool = False) -> Planner:
    configuration: Any = SimpleNamespace(
        of=lambda host: read(settings, host.fqdn), again=lambda _: changed, store=lambda _: None
    )
    return Planner(HOSTS, configuration, lambda: Zones([read_zone(ZONE, "a.test")]), lambda _: {})


def test_a_plan_for_each_recipient() -> None:
    plans = planner().plans(["bia@a.test", "cai@b.test"], "direct:25", None)
    assert {recipient: plan.host for recipient, plan in plans.items()} == dict.fromkeys(plans, "direct")
    assert plans["bia@a.test"].questions[0].name == "a.test"


def test_a_host_that_routes_no_mail() -> None:
    with pytest.raises(LabError, match=r"dns routes no mail\n  hosts that do: direct"):
        planner().plans(["bia@a.test"], "dns", None)


def test_settings_are_read_again_where_there_are_some() -> None:
    assert planner(changed=True).reread("direct")
    assert not planner(changed=True).reread("dns")


@pytest.mark.parametrize(
    ("settings", "hosts"), [("", set()), ("smtp_tls_loglevel = 1\nlmtp_tls_loglevel = 1\n", {"direct"})]
)
def test_who_logs_tls(settings: str, hosts: set[str]) -> None:
    assert planner(settings).logs_tls() == hosts
