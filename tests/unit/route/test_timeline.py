"""The timeline is what a person reads when a test fails: in order, aligned, narrow enough, complete."""

from __future__ import annotations

import pytest

from lab.route.timeline import WIDTH, rows, timeline

from .recordings import HOSTS, RECORDED, read_history

NAMES = sorted(path.stem for path in RECORDED.glob("*.log"))


def lines(name: str) -> list[str]:
    history, message_id = read_history(name), f"<{name}@home.test>"
    return timeline(history.events_of(message_id), history.routes(message_id), HOSTS)


def test_a_timeline_in_full() -> None:
    assert "\n".join(lines("refuse2")) == (RECORDED.parent / "route" / "refuse2.timeline").read_text().rstrip("\n")


@pytest.mark.parametrize("name", NAMES)
def test_no_line_is_too_wide_and_time_goes_forward(name: str) -> None:
    assert all(len(line) <= WIDTH and line == line.rstrip() for line in lines(name))
    seconds = [row.seconds for row in rows(read_history(name).events_of(f"<{name}@home.test>"), HOSTS)]
    assert seconds == sorted(seconds)
    assert not seconds or seconds[0] == 0


def test_every_attempt_and_every_dns_answer_is_in_it() -> None:
    text = "\n".join(row.text for row in rows(read_history("three-mx").events_of("<three-mx@home.test>"), HOSTS))
    assert "MX three.run.test.: 10 m1.three.run.test., 20 m2.three.run.test., 30 m3.three.run.test." in text
    for answer in (
        "banner: 421 4.3.2 Try later",
        "mail: 451 4.3.0 Not now",
        "250 2.0.0 Ok: queued as S000071",
    ):
        assert answer in text


def test_nothing_is_an_empty_timeline() -> None:
    assert timeline([], [], {}) == []
