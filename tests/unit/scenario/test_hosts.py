"""Hosts that a scenario brings along: what they may have, and what steps and sessions may do with them."""

from __future__ import annotations

import pytest

from lab.route.model import Route
from lab.scenario.format.model import Host
from lab.scenario.run.run import run
from tests.unit.scenario.conftest import FakeLab, attempt, problems, route, scenario

HEAD = 'title = "t"\nteaches = "t"\n'
MESSAGE = '[[message]]\nto = "bia@$DOMAIN"\n'
EXPECT = '[expect]\noutcome = "delivered"\n'
RIGHT = HEAD + MESSAGE + EXPECT
STORE = """\
[hosts.store]
like = "mailstore"
dovecot_conf = '''
protocol lmtp {
  mail_plugins {
    sieve = no
  }
}
quota "User quota" { # a comment
  quota_storage_size = 100k
}
log_path = a \\
  b
!include_try /etc/dovecot/more.conf
'''
users = '''
bia:bia-secret
josé@$DOMAIN:x
'''
[hosts.store.sieve]
bia = 'redirect "cai@$DOMAIN";'
[hosts.store.files]
more.conf = ''
""".replace("more.conf =", "'more.conf' =")
SEND = "[[step]]\nsend = 'message'\n"


def test_what_a_mail_store_may_have() -> None:
    found = scenario(RIGHT + STORE)
    (host,) = found.hosts
    assert (host.store, host.users.split()) == (True, ["bia:bia-secret", "josé@$DOMAIN:x"])
    assert host.sieve == {"bia": 'redirect "cai@$DOMAIN";'}
    assert (found.stores, found.mtas[-1]) == (("mailstore", "store"), "smarthost")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[hosts.s]\nlike = 'mailstore'\nmain_cf = 'soft_bounce = yes'\n", "9: hosts.s.main_cf: a mail store is no"),
        ("[hosts.s]\nlike = 'mailstore'\nmaster_cf = 'x'\n", "9: hosts.s.master_cf: a mail store is not a Postfix"),
        ("[hosts.s]\ndovecot_conf = 'ssl = no'\n", "8: hosts.s.dovecot_conf: a Postfix has no such thing"),
        ("[hosts.s]\nusers = 'bia:x'\n", "8: hosts.s.users: a Postfix has no such thing"),
        ("[hosts.s.sieve]\nbia = 'keep;'\n", "7: hosts.s.sieve: a Postfix has no such thing"),
        ("[hosts.s]\nlike = 'mailstore'\ndovecot_conf = '''\na = 1\nb\n'''\n", "11: hosts.s.dovecot_conf: 'b' is neit"),
        ("[hosts.s]\nlike = 'mailstore'\ndovecot_conf = '''\na {\n'''\n", "10: hosts.s.dovecot_conf: { is not closed"),
        ("[hosts.s]\nlike = 'mailstore'\ndovecot_conf = '}'\n", "9: hosts.s.dovecot_conf: } closes nothing"),
        ("[hosts.s]\nlike = 'mailstore'\ndovecot_conf = 'a { b = c }'\n", "9: hosts.s.dovecot_conf: 'a { b = c }' is"),
        ("[hosts.s]\nlike = 'mailstore'\ndovecot_conf = 'a = $DOMAN'\n", "9: hosts.s.dovecot_conf: unknown variable"),
        ("[hosts.s]\nlike = 'mailstore'\nusers = 'bia'\n", "9: hosts.s.users: no colon in 'bia'"),
        ("[hosts.s]\nlike = 'mailstore'\nusers = 'b a:x'\n", "9: hosts.s.users: 'b a' is not a name"),
        ("[hosts.s]\nlike = 'mailstore'\n[hosts.s.sieve]\nbob = 'keep;'\n", "10: hosts.s.sieve.bob: nobody in the lab"),
        (
            "[hosts.s]\nlike = 'mailstore'\nusers = 'josé:x'\n[hosts.s.sieve]\nbia = 'keep;'\n",
            "11: hosts.s.sieve.bia: nobody there is called 'bia'",
        ),
        ("[hosts.s.files]\n'dovecot.conf' = ''\n", "8: hosts.s.files.dovecot.conf: is not a name of a table"),
        (
            "[hosts.a]\nmain_cf = '''\nx = 1\nrelayhost = $B'''\n[hosts.b]\n",
            "10: hosts.a.main_cf: $B has no address ye",
        ),
        ("[hosts.a]\nmain_cf = 'relayhost = $A'\n", "8: hosts.a.main_cf: $A has no address yet"),
        (STORE + "[[session]]\nat = 'store'\nlines = ['S: 220']\n", "31: session[0].at: a mail store does not listen"),
        ("[[session]]\nat = 'mailstore:25'\nlines = ['S: 220']\n", "8: session[0].at: mailstore:25 cannot be reached"),
        ("[[session]]\nat = 'stor'\nlines = ['S: 220']\n", "8: session[0].at: no MTA or mail store is called 'stor'"),
        (SEND + "[[step]]\nflush = 'mailstore'\n", "10: step[1].flush: mailstore is a mail store and has no queue"),
        (SEND + "[[step]]\nrun = 'mailstor'\ncommand = ['x']\n", "10: step[1].run: no MTA or mail store is called"),
        (
            "[hosts.s]\nlike = 'resolvr'\n",
            "8: hosts.s.like: 'resolvr' is not a host of the world to be like (did you mean r",
        ),
        ("[hosts.s]\nlike = 'resolver'\nmain_cf = 'x = y'\n", "9: hosts.s.main_cf: a resolver is not a Postfix"),
        (
            "[hosts.s]\nlike = 'scanner'\nfiles.x = ''\n",
            "9: hosts.s.files: a scanner has no such thing (it has nothing)",
        ),
        ("[hosts.s]\nunbound_conf = 'x'\n", "8: hosts.s.unbound_conf: a Postfix has no such thing"),
        ("[hosts.s]\nlike = 'resolver'\nunbound_conf = '$DOMAN'\n", "9: hosts.s.unbound_conf: unknown variable"),
        ("[hosts.s]\nresolver = 'c'\n[hosts.c]\nlike = 'resolver'\n", "8: hosts.s.resolver: no resolver further up is"),
        ("[hosts.s]\n[hosts.c]\nresolver = 's'\n", "9: hosts.c.resolver: no resolver further up is called 's'"),
        (
            "[hosts.c]\nlike = 'resolver'\n" + SEND + "[[step]]\nflush = 'c'\n",
            "12: step[1].flush: no MTA is called 'c'",
        ),
        ("[hosts.c]\nlike = 'resolver'\n[faults.c]\nscan_ban = {}\n", "10: faults.c.scan_ban: a resolver has no port"),
        (
            "[hosts.c]\nlike = 'scanner'\n[faults.c]\nhost = 'disk-full'\n",
            "10: faults.c.host: a scanner keeps no queue",
        ),
    ],
)
def test_a_mistake(text: str, expected: str) -> None:
    found = problems(RIGHT + text)
    assert any(line.startswith(expected) for line in found), "\n".join(found)


def test_mail_is_not_submitted_to_a_mail_store() -> None:
    text = RIGHT.replace(MESSAGE, MESSAGE + "via = 'store:24'\n") + STORE
    assert "message[0].via: no MTA is called 'store'" in "\n".join(problems(text))


def test_a_host_further_up_has_an_address() -> None:
    found = scenario(RIGHT + STORE + "[hosts.hub]\nmain_cf = 'mynetworks = $STORE'\n")
    assert [host.name for host in found.hosts] == ["store", "hub"]


@pytest.mark.parametrize(
    "step",
    ["run = 'mailstore'\ncommand = ['true']\n", "run = 'store'\ncommand = ['true']\n", "restart = 'store'\n"],
)
def test_what_steps_do_with_mail_stores(step: str) -> None:
    assert scenario(RIGHT + STORE + SEND + "[[step]]\n" + step).steps[1].action in step
    talk = "[[session]]\nat = 'store:24'\nlines = ['S: 220']\n[[session]]\nname = 'b'\nat = 'mailstore:143'\n"
    assert len(scenario(RIGHT + STORE + talk + "lines = ['S: * OK']\n").sessions) == 2


def test_what_a_run_brings_along() -> None:
    """The store is started with its own settings, and its scripts are put there before anything is sent."""

    def told(to: str) -> list[list[Route]]:
        return [[route(attempt("mx1"), to=to)]]

    text = RIGHT + STORE + "[sieve]\ncai = 'discard;'\n"
    lab = FakeLab(told)
    assert run(scenario(text), lab).outcome == "pass"  # type: ignore[arg-type]  # as much of a Lab as it needs
    name = next(name for name in lab.hosts if name.startswith("store-"))
    assert lab.settings[name]["fqdn"] == "store.d1.test"
    assert lab.settings[name]["users"] == "bia:bia-secret\njosé@d1.test:x\n"
    assert lab.settings[name]["dovecot_conf"].startswith("protocol lmtp {\n")
    assert lab.did[:3] == [
        "host mailstore",
        f'sieve bia@d1.test at {name}: redirect "cai@d1.test";',
        "zone d1.test",
    ]
    assert "sieve cai@d1.test at mailstore: discard;" in lab.did


CACHE = "[hosts.cache]\nlike = 'resolver'\nunbound_conf = 'cache-max-ttl: 3'\n[hosts.own]\nresolver = 'cache'\n"


def test_a_host_asks_the_resolver_of_its_run() -> None:
    text = RIGHT + CACHE + "[faults.cache]\nhost = 'stopped'\nlater = true\n"
    steps = SEND + "[[step]]\napply = 'cache'\n[[step]]\nrun = 'cache'\ncommand = ['true']\n"
    found = scenario(text + steps)
    assert "cache" not in found.mtas + found.stores
    lab = FakeLab(lambda to: [[route(attempt("mx1"), to=to)]])
    assert run(scenario(RIGHT + CACHE), lab).outcome == "pass"  # type: ignore[arg-type]
    (cache,) = (name for name in lab.hosts if name.startswith("cache-"))
    (own,) = (name for name in lab.hosts if name.startswith("own-"))
    assert lab.settings[cache]["unbound_conf"] == "cache-max-ttl: 3"
    assert (lab.settings[cache]["resolver"], lab.settings[own]["resolver"]) == (None, cache)


def test_hosts_are_like_direct_by_default() -> None:
    assert Host("a") == scenario(RIGHT + "[hosts.a]\n").hosts[0]
