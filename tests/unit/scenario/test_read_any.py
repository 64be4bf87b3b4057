"""Any text is a scenario, or has problems with file and line: hypothesis mutates the files of the catalogue.

What is tried is the same in each run. LONG=1 tries a hundred times as much.
"""

from __future__ import annotations

import os
import re
import stat
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lab import files
from lab.scenario.catalogue import files as catalogue
from lab.scenario.format.bounds import DEEPEST, DOTS
from lab.scenario.format.problem import MOST, ScenarioError
from lab.scenario.format.read import load, read
from tests.unit.scenario.conftest import GOOD

EXAMPLES = 300 * (100 if os.environ.get("LONG") else 1)
STEADY = settings(
    max_examples=EXAMPLES, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
)
HEAD = 'title = "t"\nteaches = "t"\n'
MESSAGE = '[[message]]\nto = "bia@$DOMAIN"\n'
PATH = Path("a.scenario.toml")
PAIR = re.compile(r"^(\s*[\w.\"-]+\s*=\s*)(.*)$", re.MULTILINE)
VALUES = (
    *("1", "-1", "0", "true", "inf", "-inf", "nan", "1e400", "99999999999", "9" * 200, "0x" + "f" * 200, "1979-05-27"),
    *(
        '""',
        '"x"',
        r'"\u0000\u202e\u2028"',
        r'"a\nb"',
        '"("',
        '"(?<=a)b"',
        '"a{99999999999}"',
        '"(.*)*(.*)*ZZ"',
        '"mx1:²"',
    ),
    *('"$NOPE"', '"$SCRIPTED_99999"', '"@"', '"..."', '"|"', '"mx1:99999"', '"/"', f'"{"x" * 300}"', '"rcpt=[[[["'),
    *("[]", "[[]]", "{}", "[{}]", "[1]", '["x"]', "[[1, 2]]", "[[1, inf]]", "{a = {b = [1]}}", '{"\\"[x" = "x"}'),
    *('{reply = "450"}', "{first = 0}", "{delay = inf}", "{mx1 = [99, -1]}", '{"a.b[0]" = 1}', '{mx1 = "("}'),
    *(
        "'''\n@ MX\n'''",
        "'''\n$ORIGIN ..\n'''",
        "'''\n(\n'''",
        "'''\n@ 99999999999999 A 1.2.3.4\n'''",
        "'''\n\\256 A x'''",
    ),
)
KEYS = ('"q\\"[x"', '"a.b"', '""', "'['", "dns", "x.y", "message", '"\\u202e"', "expect.logged", "faults.mx1", "size")
PIECES = ('"', "'", "'''", '"""', *"[]{}=\\#.,$\n\r", "\x00", "\x1b", "\u2028", "\ufeff", "[[step]]\n", "$DOMAIN", "é")
TEXTS = [path.read_text("utf-8") for path in catalogue()]


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """Return a file of the catalogue in which something is wrong, or may be."""
    text = draw(st.sampled_from(TEXTS))
    for _ in range(draw(st.integers(1, 3))):
        pairs = list(PAIR.finditer(text))
        at = draw(st.integers(0, len(text)))
        match draw(st.sampled_from(["value", "value", "value", "key", "piece", "cut", "twice"])):
            case "value" if pairs:
                pair = draw(st.sampled_from(pairs))
                text = text[: pair.start(2)] + draw(st.sampled_from(VALUES)) + text[pair.end(2) :]
            case "key" if pairs:
                pair = draw(st.sampled_from(pairs))
                text = text[: pair.start(1)] + draw(st.sampled_from(KEYS)) + " = " + text[pair.start(2) :]
            case "piece":
                text = text[:at] + draw(st.sampled_from(PIECES) | st.text(max_size=5)) + text[at:]
            case "cut":
                text = text[:at] + text[at + draw(st.integers(1, 60)) :]
            case _:
                lines = text.split("\n")
                lines.insert(draw(st.integers(0, len(lines))), draw(st.sampled_from(lines)))
                text = "\n".join(lines)
    return text


def problems(text: str) -> list[str]:
    """Return what is wrong with a text, each checked to have its file and a line of it."""
    try:
        read(text, PATH)
    except ScenarioError as error:
        for each in error.problems:
            assert each.file == str(PATH)
            assert each.line is not None, each
            assert 1 <= each.line <= text.count("\n") + 1, each
        return [str(each) for each in error.problems]
    return []


@STEADY
@given(mutated())
def test_a_mutated_file_is_a_scenario_or_has_problems_with_their_lines(text: str) -> None:
    problems(text)


@STEADY
@given(st.text())
def test_any_text_has_problems_with_their_lines(text: str) -> None:
    assert problems(text)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (HEAD + r'"q\"[x" = 1', 'a.scenario.toml:3: q"[x: unknown key q"[x'),
        (HEAD + r'"q\\"[x" = 1', "a.scenario.toml:3: this is not TOML"),
        (HEAD + "a = " + "[" * 5000 + "]" * 5000, f"a.scenario.toml:3: has more than {DEEPEST} levels"),
        (HEAD + "\na = " + "{b = " * 5000 + "1" + "}" * 5000, f"a.scenario.toml:4: has more than {DEEPEST} levels"),
        (HEAD + "a" + ".a" * 40 + " = 1", f"has more than {DEEPEST} levels"),
        (HEAD + '"a".' * 100_000 + "a = 1", f"a.scenario.toml:3: has a key with more than {DOTS} dots"),
        (HEAD + "a = " + "9" * 5000, "a.scenario.toml:3: has a number, or a key without quotes, of more than 256"),
        (HEAD + "timeout = inf\n", "3: timeout: must be a number from 0 to 86400, not inf"),
        (HEAD + "timeout = nan\n", "3: timeout: must be a number from 0 to 86400, not nan"),
        (HEAD + MESSAGE + "size = 99999999999\n", "5: message[0].size: must be a whole number from 1 to 67108864"),
        (HEAD + MESSAGE + "count = 1e400\n", "5: message[0].count: must be a whole number from 1 to 10000, not inf"),
        (HEAD + MESSAGE + 'via = "mx1:²"\n', "5: message[0].via: '²' is not a port"),
        (HEAD + MESSAGE + 'via = "mx1:65536"\n', "5: message[0].via: '65536' is not a port"),
        (HEAD + MESSAGE + f'file = "{"x" * 300}"\n', "5: message[0].file: there is no file"),
        (
            HEAD + MESSAGE + '[expect]\nreply = "a{99999999999}"\n',
            "6: expect.reply: must be a regular expression, not 'a{99999999999}': {99999",
        ),
        (HEAD + MESSAGE + '[expect]\nreply = "(a)(?=b)"\n', "6: expect.reply: must be a regular expression"),
        (HEAD + MESSAGE + "[expect]\nat_most = inf\n", "6: expect.at_most: must be a number from 0 to 86400, not inf"),
        (HEAD + 'zone = "a A $SCRIPTED_1023"\n', "3: zone: unknown variable $SCRIPTED_1023"),
        (HEAD + f'zone = "a A $SCRIPTED_{"9" * 5000}"\n', "3: zone: unknown variable $SCRIPTED_9999"),
        (HEAD + f'tags = "{"x" * 100_000}"\n', "3: tags: must be a list of texts, not 'xxxx"),
    ],
)
def test_what_is_too_much_is_told_with_its_line(text: str, problem: str) -> None:
    found = problems(text)
    assert any(problem in each for each in found), found
    assert all(len(each) < 1200 for each in found)


def of_many(kind: str, count: int) -> str:
    """Return a file with many tables of one kind."""
    tables = {
        "messages": '[[message]]\nname = "m{0}"\nto = "b@$DOMAIN"\n[[expect]]\nmessage = "m{0}"\ndelivered = "INBOX"\n',
        "mistakes": '[[message]]\nname = "m{0}"\nto = "b@$DOMAIN"\n[[expect]]\nmessage = "n{0}"\ndelivered = "INBOX"\n',
        "steps": '[[step]]\nsend = "x{0}"\n',
        "faults": '[faults.f{0}]\nconnect = "refuse"\n',
        "keys": "k{0} = 1\n",
    }
    return HEAD + "".join(tables[kind].format(number) for number in range(count))


@pytest.mark.parametrize("kind", ["messages", "mistakes", "steps", "faults", "keys"])
def test_the_time_grows_with_the_file_and_not_with_its_square(kind: str) -> None:
    def seconds(count: int) -> float:
        text, began = of_many(kind, count), time.process_time()
        found = problems(text)
        assert len(found) == (0 if kind == "messages" else MOST + 1)
        return time.process_time() - began

    seconds(300)
    once, ten_times = seconds(300), seconds(3000)
    assert ten_times < 40 * once, "a hundred times as much would be its square"


def test_a_file_that_is_none_is_told_and_the_others_are_read(tmp_path: Path) -> None:
    def put(name: str, content: bytes) -> Path:
        (tmp_path / f"{name}.scenario.toml").write_bytes(content)
        return tmp_path / f"{name}.scenario.toml"

    fifo = tmp_path / "fifo.scenario.toml"
    os.mkfifo(fifo)
    (tmp_path / "folder.scenario.toml").mkdir()
    large = put("large", b"#" * (files.TEXT + 1))
    assert stat.S_ISCHR(Path("/dev/zero").stat().st_mode)
    bad = [fifo, Path("/dev/zero"), tmp_path / "folder.scenario.toml", tmp_path / "none.scenario.toml", large]
    bad += [
        put("latin", b"title = 1\n# \xe9"),
        put("key", (HEAD + MESSAGE + "x = 1\n").encode()),
        put("deep", b"a=" + b"[" * 999),
    ]
    bad += [Path("\x00"), Path("x" * 5000)]
    with pytest.raises(ScenarioError) as error:
        load([*bad, put("good", GOOD.encode())])
    told = {Path(str(each.file)).name.partition(".")[0]: each.problem for each in error.value.problems}
    assert told == {
        "fifo": "it is not a regular file",
        "zero": "it is not a regular file",
        "folder": "Is a directory",
        "none": "No such file or directory",
        "large": "it has more than 4 MiB",
        "latin": "line 2 is not UTF-8 (byte 0xe9)",
        "key": told["key"],
        "deep": f"has more than {DEEPEST} levels of lists and tables in each other",
        "\x00": "embedded null byte",
        "x" * 5000: "File name too long",
    }
    assert "unknown key x" in " ".join(str(each) for each in error.value.problems)
