"""What a host that is brought along has of its own, and what it cannot have."""

from __future__ import annotations

import pytest

from lab.errors import LabError
from lab.faults.reader import at_host
from lab.servers import software

NOTHING = {"main_cf": "", "master_cf": "", "dovecot_conf": "", "users": "", "unbound_conf": "", "files": {}}


@pytest.mark.parametrize(
    ("role", "given", "said"),
    [
        ("mx", {"unbound_conf": "x"}, "h is a Postfix and has no unbound_conf"),
        ("mailstore", {"main_cf": "x", "master_cf": "x"}, "h is a Dovecot and has no main_cf and no master_cf"),
        ("resolver", {"files": {"a": "b"}}, "h is a resolver and has no files"),
        ("scanner", {"unbound_conf": "x"}, "h is a scanner and has no unbound_conf"),
    ],
)
def test_settings_of_another_kind_are_an_error(role: str, given: dict[str, object], said: str) -> None:
    with pytest.raises(LabError) as caught:
        software.of_kind(role).own("h", **{**NOTHING, **given})
    assert said in str(caught.value)


@pytest.mark.parametrize("role", ["mx", "mailstore", "resolver", "scanner"])
def test_each_kind_of_host_takes_its_own_keys(role: str) -> None:
    given = {key: {"a": "b"} if key == "files" else "" for key in software.of_kind(role).keys}
    assert software.of_kind(role).own("h", **{**NOTHING, **given}).settings


def test_what_unbound_does_not_know_is_told_with_its_line() -> None:
    log = (
        b"/etc/unbound/own.conf:2: error: unknown keyword 'serve-expird'\n"
        b"/etc/unbound/own.conf:3: error: syntax error\n"
        b"read /etc/unbound/unbound.conf failed: 2 errors in configuration file\n"
    )
    found = software.of_kind("resolver").own("cache", **{**NOTHING, "unbound_conf": "a: b\nserve-expird: yes\n}\n"})
    assert found.refused(log) == [
        "cache: unbound_conf: line 2: unknown keyword 'serve-expird'",
        "cache: unbound_conf: line 3: syntax error",
    ]
    assert found.refused(b"start of service (unbound 1.22.0).\n") == []


@pytest.mark.parametrize("table", [{"connect": "refuse"}, {"scan_ban": {"after": 5}}, {"host": "disk-full"}])
def test_a_host_that_takes_no_mail_has_no_port_25(table: dict[str, object]) -> None:
    with pytest.raises(LabError):
        at_host("resolver", table)
    assert at_host("resolver", {"host": "stopped"}).whole is not None
