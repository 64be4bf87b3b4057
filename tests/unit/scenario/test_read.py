"""Scenario files: what is right in them, and every mistake with its line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.scenario.catalogue import files
from lab.scenario.faults.at_scripted import AtScripted
from lab.scenario.faults.in_dns import InDns
from lab.scenario.format.model import Message
from lab.scenario.format.problem import ScenarioError
from lab.scenario.format.read import load
from lab.scenario.format.template import template
from tests.unit.scenario.conftest import GOOD, problems, scenario

HEAD = 'title = "t"\nteaches = "t"\n'
MESSAGE = '[[message]]\nto = "bia@$DOMAIN"\n'
EXPECT = '[expect]\noutcome = "delivered"\n'
RIGHT = HEAD + MESSAGE + EXPECT
MASTER = RIGHT + "[hosts.a]\nmaster_cf = '''\n"
FIXED = "[zones]\n'{}' = '@ A 127.0.0.1'\n"
RUNS = HEAD + "[[step]]\nrun = 'direct'\ncommand = ['true']\n"


def test_what_a_file_says() -> None:
    found = scenario()
    assert (found.id, found.title) == ("a", "The preferred MX refuses the connection")
    assert found.messages == (Message("message", ("bia@$DOMAIN",), via="direct"),)
    assert found.faults == (AtScripted("mx-a", {"connect": "refuse"}, "faults.mx-a"),)
    assert found.expected[0].table == {
        "attempts": ["mx-a refused", "mx1 250"],
        "accepted_by": "mx1",
        "delivered": "INBOX",
    }


def test_without_a_zone_there_are_three_exchangers() -> None:
    assert "@  MX 30 mx3.dest.test." in scenario(RIGHT).zones["DOMAIN"]


def test_the_new_file_is_fine() -> None:
    assert scenario(template("new")).title.startswith("new: ")


@pytest.mark.parametrize("path", files(), ids=lambda path: path.name)
def test_the_catalogue_is_fine(path: Path) -> None:
    assert load([path])[0].group == path.parent.name


def test_every_comment_of_the_new_file_is_right_too() -> None:
    """What stands behind a comment sign there can be used: its keys are known."""
    text = template("new").replace("# [zones]\n# other", "[zones]\nother").replace("# like =", "like =")
    text = text.replace("# [hosts.backup]", "[hosts.backup]")
    text = re.sub(r"# (main_cf = \"\"\")\n# (.*)\n# \"\"\"", r'\1\n\2\n"""', text)
    for line in ("[[faults.dns]]", 'kind = "rcode"', 'rcode = "SERVFAIL"', 'name = "$DOMAIN"', 'type = "MX"'):
        text = text.replace(f"# {line}", line)
    text = text.replace("# first = 2  ", "first = 2  ").replace("# [[step]]", "[[step]]")
    for line in (
        'send = "message"',
        'until = "deferred"',
        'heal = "mx-a"',
        'flush = "direct"',
        "departs =",
        "observed =",
    ):
        text = text.replace(f"# {line}", line)
    text = text.replace("# source =", "source =")
    found = scenario(text)
    assert [step.action for step in found.steps] == ["send", "until", "heal", "flush"]
    assert [host.name for host in found.hosts] == ["backup"]
    assert [type(fault) for fault in found.faults] == [AtScripted, InDns]
    assert found.source is not None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (MESSAGE + EXPECT, "1: title is missing (One line: what goes wrong, and what happens then.)"),
        (RIGHT + "[extra]\n", "7: extra: unknown key extra"),
        (RIGHT.replace("title", "titel"), "1: titel: unknown key titel (did you mean title?)"),
        (HEAD + "standard = 5\n" + MESSAGE + EXPECT, "3: standard: must be a list of texts, not 5"),
        (HEAD + "tags = []\n" + MESSAGE + EXPECT, "3: tags: is empty"),
        (HEAD + "timeout = -1\n" + MESSAGE + EXPECT, "3: timeout: must be a number from 0 to 86400, not -1"),
        (HEAD + "zone = '''\n@ MX 10 a\n@ XM 20 b\n'''\n" + MESSAGE + EXPECT, "5: zone: unknown record type XM"),
        (HEAD + "zone = '@ A $MX9'\n" + MESSAGE + EXPECT, "3: zone: unknown variable $MX9"),
        (HEAD + "[zones]\n'a b' = '@ A $MX1'\n" + MESSAGE + EXPECT, "4: zones.a b: 'a b' makes no variable"),
        (RIGHT + FIXED.format("dest.test."), "8: zones.dest.test.: the world has dest.test, and other runs need it"),
        (RIGHT + FIXED.format("a.lab.test."), "8: zones.a.lab.test.: the world has lab.test, and other runs need it"),
        (RIGHT + FIXED.format("test."), "8: zones.test.: the world has dest.test, and other runs need it"),
        (
            RIGHT + FIXED.format("2.0.198.in-addr.arpa."),
            "8: zones.2.0.198.in-addr.arpa.: the world has arpa, and other",
        ),
        (RIGHT + FIXED.format("a b."), "8: zones.a b.: 'a b.' is not a name of a zone"),
        (RIGHT + "[zones]\n'localhost.' = '@ XM 1'\n", "8: zones.localhost.: unknown record type XM"),
        (RIGHT + "[hosts.mx1]\n", "7: hosts.mx1: the world has a host mx1 already"),
        (RIGHT + "[hosts.Relay]\n", "7: hosts.Relay: 'Relay' is not a host name"),
        (
            RIGHT + "[hosts.a]\nlike = 'dirct'\n",
            "8: hosts.a.like: 'dirct' is not a host of the world to be like (did you mean direct?)",
        ),
        (RIGHT + "[hosts.a]\nmain_cf = '''\na = 1\nb\n'''\n", "10: hosts.a.main_cf: missing '='"),
        (RIGHT + "[hosts.a]\nmain_cf = 'smtp_mx_address_limit = x'\n", "8: hosts.a.main_cf: smtp_mx_address_limit: "),
        (MASTER + "smtpss inet n - n - - smtpd\n'''\n", "9: hosts.a.master_cf: no host knows a port 'smtpss' (did you"),
        (
            MASTER + "127.0.0.1:x-y inet n - n - - smtpd\n'''\n",
            "9: hosts.a.master_cf: no host knows a port 'x-y' (write",
        ),
        (
            MASTER + "25 inet n - n - - smtpd\n  -o x=y\nb unx - n n - - pipe\n'''\n",
            "11: hosts.a.master_cf: b: 'unx' is not a type",
        ),
        (MASTER + "# x\nb unix - n n - pipe\n'''\n", "10: hosts.a.master_cf: 'b' has 7 fields of 8"),
        (
            MASTER + "b unix - n n - - pipe\n'''\nmain_cf = 'b_time_limit = 1'\n",
            "9: hosts.a.master_cf: nothing uses the service b ",
        ),
        (RIGHT + "[hosts.a.files]\n'main.cf' = ''\n", "8: hosts.a.files.main.cf: is not a name of a table"),
        (RIGHT + "[sieve]\nbob = 'keep;'\n", "8: sieve.bob: nobody in the lab is called 'bob'"),
        (RIGHT.replace("bia@", "bia"), "4: message[0].to[0]: 'bia$DOMAIN' has no @"),
        (RIGHT.replace("$DOMAIN", "$DOMAN"), "4: message[0].to: unknown variable $DOMAN (did you mean $DOMAIN?)"),
        (HEAD + MESSAGE + "via = 'mx9'\n" + EXPECT, "5: message[0].via: no MTA is called 'mx9'"),
        (HEAD + MESSAGE + "via = 'mx1:26'\n" + EXPECT, "5: message[0].via: mx1:26 cannot be reached from outside"),
        (HEAD + MESSAGE + "file = 'x.eml'\n" + EXPECT, "5: message[0].file: there is no file 'x.eml' beside this one"),
        (HEAD + MESSAGE + "raw = 'x'\nsize = 5\n" + EXPECT, "3: message[0]: a message that is sent as it is gets no"),
        (HEAD + MESSAGE + MESSAGE + EXPECT, "5: message[1].name: 2 of them have no name"),
        (HEAD + MESSAGE, "3: message[0]: nothing is expected of it"),
        (HEAD, "1: has no message, no session, and no step that runs a command"),
        (HEAD + "[[step]]\nrestart = 'mx1'\n", "1: has no message, no session, and no step that runs a command"),
        (RUNS + "[[step]]\nflush = 'direct'\n", "6: step[1]: is about a message, and there is none (write a [[message"),
        (RUNS + "[[step]]\nuntil = 'deferred'\n", "6: step[1]: is about a message, and there is none"),
        (RUNS + "output = '('\n", "6: step[0].output: must be a regular expression"),
        (RUNS + "output = '$DOMAN'\n", "6: step[0].output: unknown variable $DOMAN (did you mean $DOMAIN?)"),
        (HEAD + MESSAGE + "[expect]\n", "5: expect: expects nothing"),
        (RIGHT + 'atempts = ["mx1 250"]\n', "7: expect.atempts: unknown key atempts (did you mean attempts?)"),
        (RIGHT + 'attempts = ["mx8 250"]\n', "7: expect.attempts[0]: no host is called 'mx8'"),
        (RIGHT + 'attempts = ["mx1 250",\n "mx2 9x0"]\n', "8: expect.attempts[1]: '9x0' in 'mx2 9x0' is not a result"),
        (RIGHT + 'to = "cai@$DOMAIN"\n', "7: expect.to: 'cai@$DOMAIN' is no recipient of it"),
        (RIGHT + 'refused = "554"\n', '6: expect.outcome: must be "rejected": the message is refused at submission'),
        (
            HEAD + MESSAGE + '[expect]\nrefused = "no"\n',
            "6: expect.refused: must be a code, or code and status, such as",
        ),
        (
            HEAD + MESSAGE + '[expect]\nrefused = "550"\ncopies = 1\n',
            "7: expect.copies: cannot be: the message is refused",
        ),
        (
            HEAD + MESSAGE + "[expect]\naccepted_by = {mx1 = 3}\n",
            "6: expect.accepted_by.mx1: must be a pair [least, most] of whole numbers, not 3",
        ),
        (
            HEAD + MESSAGE + "[expect]\naccepted_by = {mx1 = [2, 3]}\n",
            "6: expect.accepted_by.mx1: 2 of 1 routes cannot be",
        ),
        (RIGHT + 'asked = ["A mx1.dest.test"]\n', "7: expect.asked[0]: other runs ask for mx1.dest.test too"),
        (RIGHT + "stored = {Subject = '('}\n", "7: expect.stored.Subject: must be a regular expression, not '('"),
        (RIGHT + "[faults.mx-a]\nconnect = 'refuse'\n", "7: faults.mx-a: there is nothing called 'mx-a' to make wrong"),
        (
            RIGHT + "[faults.mx1]\nconnect = 'lose'\n",
            "8: faults.mx1.connect: must be one of drop, refuse, unreachable, not 'lose'",
        ),
        (
            RIGHT + "[faults.mx1]\nconnect = {loss = 2}\n",
            "8: faults.mx1.connect.loss: must be a number above 0, up to 1, not 2",
        ),
        (
            RIGHT + "[faults.mx1]\nconnect = {delay = 0}\n",
            "8: faults.mx1.connect.delay: must be a number above 0,",
        ),
        (
            RIGHT + "[faults.mx1]\nconnect = {loss = 0.1, delay = 1}\n",
            "8: faults.mx1.connect: has loss and delay (a real host has one of these at a time)",
        ),
        (
            RIGHT + "[faults.mx1]\nconnect = {refuse = true, first = 1}\n",
            "8: faults.mx1.connect.first: unknown key first (known are close_after_accept, delay, drop, limit,",
        ),
        (RIGHT + "[faults.mx1]\nconnect = ['drop']\n", "8: faults.mx1.connect: is a list (a real host has one rule"),
        (
            RIGHT + "[faults.mx1]\nhost = 'stoped'\n",
            "8: faults.mx1.host: must be one of cut, disk-full, killed, paused, stopped, not 'stoped'",
        ),
        (
            HEAD + MESSAGE + "notify = ['succes']\n" + EXPECT,
            "5: message[0].notify[0]: must be one of success, failure, delay, never, not 'succes'",
        ),
        (HEAD + MESSAGE + "notify = ['never', 'delay']\n" + EXPECT, "5: message[0].notify: never stands alone"),
        (HEAD + MESSAGE + "ret = 'all'\n" + EXPECT, "5: message[0].ret: must be one of full, hdrs, not 'all'"),
        (HEAD + MESSAGE + "orcpt = 'a@b.test'\n" + EXPECT, "5: message[0].orcpt: 'a@b.test' is not a type and address"),
        (HEAD + MESSAGE + "envid = '$DOMIAN'\n" + EXPECT, "5: message[0].envid: unknown variable $DOMIAN"),
        (
            RIGHT + "[faults.mx1]\nbanner = '554 no'\n",
            "8: faults.mx1.banner: cannot be made wrong at a host",
        ),
        (RIGHT + "[faults.mx1]\nrcpt = '450'\n", '8: faults.mx1.rcpt: "450" has a code and no text'),
        (RIGHT + "[faults.mx1.rcpt]\nrepli = '450 no'\n", "8: faults.mx1.rcpt.repli: unknown key repli (did you mean"),
        (
            RIGHT + "[faults.direct]\nrcpt = '450 4.2.0 no'\n",
            "8: faults.direct.rcpt: only an MX can",
        ),
        (RIGHT + "[faults.mx1]\n", "7: faults.mx1: does nothing"),
        (
            RIGHT + "[[faults.dns]]\nkind = 'drop'\nname = 'dest.test'\n",
            "9: faults.dns[0].name: would meet the questions of",
        ),
        (
            RIGHT + "[[faults.dns]]\nkind = 'drop'\nname = '$DOMAIN'\nlater = true\n",
            "7: faults.dns[0]: has no id by which",
        ),
        (RIGHT + "[[faults.dns]]\nkind = 'rcode'\nname = '$DOMAIN'\n", "7: faults.dns[0].rcode: is missing"),
        (RIGHT + "[[step]]\nsend = 'm'\n", "8: step[0].send: no message is called 'm'"),
        (RIGHT + "[[step]]\n", "7: step[0]: has no action"),
        (RIGHT + "[[step]]\nsend = 'message'\nto = 'x'\n", "9: step[0].to: means nothing beside send"),
        (RIGHT + "[[step]]\nflush = 'direct'\n", "7: step[0]: message has not been sent yet"),
        (RIGHT + "[[step]]\nflush = 'direct'\n", "3: message[0]: no step sends it"),
        (RIGHT + "[[step]]\nsend = ['message', 'message']\n", "8: step[0].send: message has been sent already"),
        (RIGHT + "[[step]]\nsend = 'message'\n[[step]]\nheal = 'x'\n", "10: step[1].heal: no fault is called 'x'"),
        (RIGHT + "[[step]]\nsend = 'message'\n[[step]]\nrun = 'direct'\n", "9: step[1]: command is missing"),
        (
            RIGHT + "[[step]]\nsend = 'message'\n[[step]]\nuntil = 'defered'\n",
            "10: step[1].until: must be one of",
        ),
        (HEAD + "[[session]]\nat = 'mx1'\nlines = ['X: y']\n", "5: session[0].lines[0]: 'X: y' begins with none of"),
        (RIGHT + "[[departs_from_plan]]\nkind = 'outcome'\n", "7: departs_from_plan[0]: why is missing"),
        ("title = \n", "1: this is not TOML: Invalid value"),
        ('title = "a\n', "1: this is not TOML: Illegal character"),
    ],
)
def test_a_mistake(text: str, expected: str) -> None:
    found = problems(text)
    assert any(line.startswith(expected) for line in found), "\n".join(found)


def test_all_mistakes_of_all_files_at_once(tmp_path: Path) -> None:
    paths = [tmp_path / f"{name}.scenario.toml" for name in "ab"]
    paths[0].write_text(RIGHT.replace("title", "titel"))
    paths[1].write_text(GOOD.replace("mx1 250", "mx1 25").replace('via = "direct"', 'via = "dirct"'))
    with pytest.raises(ScenarioError) as caught:
        load([*paths, tmp_path / "c.scenario.toml"])
    assert [(Path(str(each.file)).name[0], each.line) for each in caught.value.problems] == [
        ("a", 1),
        ("a", 1),
        ("b", 14),
        ("b", 17),
        ("c", None),
    ]


def test_a_broken_zone_does_not_make_its_names_unknown() -> None:
    assert problems(GOOD.replace("MX 20", "MX"))[1:] == []


FULL = (
    template("x")
    + """
message = "message"
queue = {direct = "none"}
[zones]
other = "@ MX 10 mx-a"
[hosts.own]
like = "mx1"
main_cf = "a = b"
[hosts.own.files]
x = "y"
[hosts.own-store]
like = "mailstore"
dovecot_conf = "ssl = no"
users = "bia:x"
[hosts.own-store.sieve]
bia = "keep;"
[sieve]
bia = "keep;"
[[faults.dns]]
kind = "drop"
name = "$DOMAIN"
[[session]]
at = "mx1"
lines = ["S: 220"]
[[step]]
send = "message"
[[step]]
talk = "session"
[[step]]
zone = "@ A $MX1"
of = "other"
[[step]]
until = "deferred"
timeout = 3
[[step]]
run = "direct"
command = ["true"]
[[step]]
expect = {outcome = "delivered"}
[[departs_from_plan]]
kind = "outcome"
why = "x"
"""
)
ODD: tuple[Any, ...] = (7, True, "", "x", [], ["x"], [7], {}, {"x": 7}, [{}], [[]])


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield (container, key) of every value in *value*."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in items:
        yield value, key
        yield from places(each)


def test_the_full_file_is_fine() -> None:
    assert len(scenario(FULL).steps) == 6


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_no_value_of_another_type_gets_through_as_an_exception(odd: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever stands in a file, it is a scenario, or has mistakes that are told."""
    count = len(list(places(tomllib.loads(FULL))))
    told = 0
    original = tomllib.loads
    for number in range(count):
        data = original(FULL)
        container, key = list(places(data))[number]
        container[key] = odd
        monkeypatch.setattr(tomllib, "loads", lambda _, data=data: data)
        try:
            scenario(FULL)
        except ScenarioError:
            told += 1
    assert told > count // 3


@pytest.mark.parametrize(
    "user",
    ["main_cf = 'content_filter = b:dummy'", "files = {t = 'x.test b:'}", "main_cf = 'x = unix:private/b'"],
)
def test_a_service_that_is_named_somewhere_is_used(user: str) -> None:
    entry = "master_cf = 'b unix - n n - - pipe flags=X user=nobody argv=/bin/b'"
    assert scenario(f"{RIGHT}[hosts.a]\n{entry}\n{user}\n").hosts[0].name == "a"


def test_a_service_that_a_step_makes_use_of_is_used() -> None:
    step = "[[step]]\nrun = 'a'\ncommand = ['postconf', 'content_filter=b:']\n[[step]]\nsend = 'message'\n"
    assert scenario(f"{RIGHT}[hosts.a]\nmaster_cf = 'b unix - n n - - pipe'\n{step}").steps


def test_a_zone_whose_name_is_written() -> None:
    step = "[[step]]\nsend = 'message'\n[[step]]\nzone = '@ A 127.0.0.2'\nof = 'localhost.'\n"
    fault = "[[faults.dns]]\nkind = 'drop'\nname = 'www.localhost'\n"
    found = scenario(RIGHT + 'asked = ["MX localhost"]\n' + FIXED.format("localhost.") + step + fault)
    assert (dict(found.fixed), set(found.zones)) == ({"localhost.": "@ A 127.0.0.1"}, {"DOMAIN"})
