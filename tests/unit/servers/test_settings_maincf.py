"""main.cf as text. What the values become was compared with postconf -x of Postfix 3.10."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.servers.postfix.settings import DEFAULTS, Settings, SettingsError, read
from lab.servers.postfix.settings.maincf import logical_lines

POSTFIX = Path(__file__).parents[3] / "compose" / "postfix"
TEXT = """\
# comment
compatibility_level = 3.6
myhostname = mx.a.test
relayhost =
   # a comment inside
   [smart.lab.test]:587,

   [second.lab.test]
relay_domains = ${{$compatibility_level} <level {2} ? {old} : {new}}
transport_maps = inline:{ a.test=smtp:[mx2.a.test], { blocked.test = error:5.7.1 not here } }
soft_bounce = ${relayhost?{yes}:{no}}
default_transport = ${relayhost:smtp}${soft_bounce?relay}
local_transport = ${{abc} == {abc} ? {x$$y} : {z}}
maximal_queue_lifetime = 2
proxy_interfaces = $(inet_interfaces) $nonexistent.
virtual_transport = first
virtual_transport = second
"""


def settings(text: str, **options: dict[str, str]) -> Settings:
    return read(text, "direct.home.test", **options)  # type: ignore[arg-type]  # tables only


def test_values_are_those_of_postconf() -> None:
    found = settings(TEXT)
    assert found.myhostname == "mx.a.test"
    assert found.mydomain == "a.test"
    assert found.mydestination.items == ("mx.a.test", "localhost.a.test", "localhost")
    assert found.relayhost == "[smart.lab.test]:587, [second.lab.test]"
    assert found.relay_domains.items == ("new",)
    assert found.soft_bounce is True
    assert found.default_transport == "relay"
    assert found.local_transport == "x$y"
    assert found.proxy_interfaces == ("all", ".")
    assert found.virtual_transport == "second"
    assert found.transport_maps[0].find("A.TEST") == "smtp:[mx2.a.test]"
    assert found.transport_maps[0].find("blocked.test") == "error:5.7.1 not here"
    assert found.transport_maps[0].find("other.test") is None


@pytest.mark.parametrize("separator", ["\u2028", "\x85", "\x1c", "\xa0"])
def test_a_line_ends_at_lf_alone_and_white_space_is_ascii_s(separator: str) -> None:
    text = f"mail_name = a{separator}b\n{separator}c = d\r\n e\n"
    assert list(logical_lines(text)) == [(1, f"mail_name = a{separator}b"), (2, f"{separator}c = d e")]


def test_bare_number_has_the_unit_of_its_parameter() -> None:
    found = settings("maximal_queue_lifetime = 2\ndelay_warning_time = 3\nsmtp_connect_timeout = 4")
    assert found.maximal_queue_lifetime == 2 * 86400
    assert found.delay_warning_time == 3 * 3600
    assert found.smtp_connect_timeout == 4


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("2m", 120), ("1h", 3600), ("5d", 432000), ("1w", 604800)])
def test_time_units(text: str, seconds: int) -> None:
    assert settings(f"minimal_backoff_time = {text}").minimal_backoff_time == seconds


def test_defaults_are_postfix_own() -> None:
    found = settings("")
    assert found.smtp_mx_address_limit == 5
    assert found.smtp_mx_session_limit == 2
    assert found.smtp_randomize_addresses is True
    assert found.smtp_skip_5xx_greeting is True
    assert found.ignore_mx_lookup_error is False
    assert found.inet_protocols == ("ipv4", "ipv6")
    assert found.mydomain == "home.test"
    assert found.mydestination.items == ("direct.home.test", "localhost.home.test", "localhost")
    assert found.relay_domains.items == found.mydestination.items  # compatibility_level 0
    assert settings("compatibility_level = 3.9").relay_domains.items == ()
    assert found.maximal_queue_lifetime == 5 * 86400
    assert settings("fallback_relay = [old.name.test]").smtp_fallback_relay == "[old.name.test]"


def test_every_default_is_a_setting() -> None:
    assert set(DEFAULTS) - set(Settings.__slots__) == {
        "compatibility_level",
        "smtp_connection_cache_on_demand",  # it is said, not followed
    }


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("relayhost\n", "main.cf:1: missing '=' after the parameter's name: 'relayhost'"),
        ("\nsmtp_mx_address_limit = many", "main.cf:2: smtp_mx_address_limit: bad number 'many'"),
        ("soft_bounce = maybe", "main.cf:1: soft_bounce: bad value 'maybe'; yes or no"),
        (
            "queue_run_delay = 3x",
            "main.cf:1: queue_run_delay: bad time '3x'; a number and one of s, m, h, d, w",
        ),
        ("inet_protocols = ipv5", "main.cf:1: inet_protocols: bad protocols 'ipv5'; all, ipv4, ipv6"),
        (
            "smtp_address_preference = 6",
            "main.cf:1: smtp_address_preference: bad preference '6'; any, ipv4 or ipv6",
        ),
        ("smtp_tcp_port = smpt", "main.cf:1: smtp_tcp_port: bad port 'smpt'"),
        (
            "transport_maps = /etc/postfix/transport",
            "main.cf:1: transport_maps: '/etc/postfix/transport' is not a table",
        ),
        ("relayhost = ${mydomain", "main.cf:1: relayhost: a { without its } in '${mydomain'"),
        ("relayhost = $-", "main.cf:1: relayhost: a $ that begins no parameter name in '$-'"),
        ("relayhost = $relayhost", "main.cf:1: relayhost: defined by itself: relayhost -> relayhost"),
    ],
)
def test_mistake_is_named_with_its_line(text: str, problem: str) -> None:
    with pytest.raises(SettingsError) as caught:
        settings(text)
    assert str(caught.value.problems[0]).startswith(problem)


def test_all_mistakes_come_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        settings("soft_bounce = maybe\nwhat is this\nsmtp_mx_session_limit = -1\n")
    assert [problem.line for problem in caught.value.problems] == [1, 2, 3]


def test_tables_are_read_from_the_text_given() -> None:
    text = "transport_maps = texthash:/t, proxy:lmdb:/l static:smtp:[s.test], pcre:/p\n"
    text += "relay_domains = !no.test /d texthash:/r"
    files = {
        "/t": "# comment\na.test  smtp:[one.test]\n   \n",
        "/l": "b.test\terror:5.7.1 no\n  such user",
        "/d": "c.test, d.test",
        "/r": "e.test x",
    }
    found = settings(text, tables=files)
    first, second, third, fourth = found.transport_maps
    assert first.find("a.test") == "smtp:[one.test]"
    assert second.find("b.test") == "error:5.7.1 no such user"
    assert third.find("anything") == "smtp:[s.test]"
    assert fourth.find("anything") is None
    assert found.unread == ("transport_maps = pcre:/p",)
    listed = [name for name in ("c.test", "x.D.test", "e.test", "f.test", "no.test") if _on(found, name)]
    assert listed == ["c.test", "x.D.test", "e.test"]


def _on(found: Settings, domain: str) -> bool:
    return found.relay_domains.matches(domain, lambda table: pytest.fail(f"asked for {table}"), parents=True)


@pytest.mark.parametrize("role", ["client", "direct", "smarthost", "mx"])
def test_main_cf_of_the_world_is_read(role: str) -> None:
    text = "\n".join((POSTFIX / name).read_text() for name in ("common.cf", "timers.cf", f"{role}/main.cf"))
    found = settings(text)
    assert found.inet_protocols == ("ipv4", "ipv6")
    assert found.virtual_transport == "lmtp:inet:[mailstore.lab.test]:24"
    assert found.relayhost == ("[smarthost.isp.test]:587" if role == "client" else "")
    assert found.smtp_connect_timeout == 2


@pytest.mark.parametrize(
    ("main_cf", "master_cf", "logged"),
    [
        ("", None, False),
        ("smtp_tls_loglevel = 1\n", None, False),
        ("smtp_tls_loglevel = 1\nlmtp_tls_loglevel = summary\n", None, True),
        ("smtp_tls_loglevel = 0\nlmtp_tls_loglevel = 1\n", None, False),
        (
            "smtp_tls_loglevel = 1\nlmtp_tls_loglevel = 1\n",
            "slow unix - - n - - smtp\n  -o smtp_tls_loglevel=0\n",
            False,
        ),
        (
            "smtp_tls_loglevel = 1\nlmtp_tls_loglevel = 1\n",
            "slow unix - - n - - smtp\n  -o smtp_tls_loglevel=1\n",
            True,
        ),
    ],
)
def test_whether_every_tls_session_is_logged(main_cf: str, master_cf: str | None, logged: bool) -> None:
    assert read(main_cf, "a.test", master_cf=master_cf).logs_tls is logged
