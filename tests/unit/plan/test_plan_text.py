"""The plan on a terminal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lab.plan.postfix.explain import Basis
from lab.plan.postfix.path import explain_path
from lab.plan.text import rows, text
from lab.route.plan import Plan
from lab.servers.postfix.settings import Settings

Make = Callable[..., Plan]
THREE = "a.test. MX 10 mx1.dest.test.\na.test. MX 20 mx2.dest.test.\na.test. A 198.18.0.13\n"


def test_steps_stand_in_the_order_in_which_they_happen(plan: Make) -> None:
    kinds = list(dict.fromkeys(row.kind for row in rows(plan(THREE))))
    assert kinds == ["next", "asks", "tries", "never", "if"]


def test_text_says_what_is_asked_tried_and_left_out(plan: Make) -> None:
    shown = text(plan(THREE))
    assert shown.startswith("u@a.test, from direct\n")
    assert "asks    MX   a.test         10 mx1.dest.test, 20 mx2.dest.test" in shown
    assert "tries   1. mx1 198.18.0.11:25 (mx1.dest.test)" in shown
    assert "        2. mx2 198.18.0.12:25 (mx2.dest.test)" in shown
    assert "never   a.test 198.18.0.13" in shown
    assert "smtp_mx_address_limit" not in shown


@pytest.mark.parametrize("width", [80, 110])
def test_text_keeps_its_width(plan: Make, width: int) -> None:
    long = "".join(
        f"a.test. MX 10 a-rather-long-name-of-a-mail-exchanger-{n}.a.test.\n"
        f"a-rather-long-name-of-a-mail-exchanger-{n}.a.test. A 198.18.0.{128 + n}\n"
        for n in range(60)
    )
    shown = text(plan(long, "smtp_fallback_relay = [gone.test]"), width)
    assert max(map(len, shown.splitlines())) <= width
    assert len(shown.splitlines()) < 90  # and not several for each of the sixty
    assert "and 54 more" in shown


def test_end_without_an_attempt_is_shown_with_its_reason(plan: Make) -> None:
    shown = text(plan("a.test. MX 0 ."))
    assert "end     bounced 5.1.0\n          Domain a.test does not accept mail (nullMX)\n" in shown


def test_hosts_that_do_the_same_share_a_block(
    settings: Callable[..., Settings], zones: Callable[..., Any], hosts: dict[str, str]
) -> None:
    own = "virtual_mailbox_domains = dest.test"
    everyone = {name: settings(own if name.startswith("mx") else "", name) for name in ("direct", "mx1", "mx2", "mx3")}
    shown = text(explain_path("bia@dest.test", "direct", Basis(zones(), everyone, hosts, {})))
    assert shown.count(", from ") == 2
    assert "bia@dest.test, from mx1, mx2, mx3\n" in shown
