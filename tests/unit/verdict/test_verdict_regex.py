"""Regular expressions of users: what they mean, what cannot be said, and that none of them takes for ever."""

from __future__ import annotations

import ast
import re
import time
from pathlib import Path

import pytest

import lab
from lab.verdict import ExpectationError, parse
from lab.verdict.regex import LONGEST, PatternError, compiled, found

ROOT = Path(lab.__file__).parent


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("status=sent", "x status=sent (250)", True),
        ("^1$", "1\n", True),
        ("^1$", "1\n\n", False),
        (r"^1\Z", "1\n", False),
        (r"\A\Z", "", True),
        ("(?m)^b$", "a\nb\nc", True),
        ("^b$", "a\nb\nc", False),
        ("(?m:^b$)", "a\nb\nc", True),
        ("(?m:^a$).c$", "a\nc\n", False),
        ("(?ms:^a$.)c$", "a\nc\n", True),
        ("[$]5", "$5", True),
        (r"\$5", "$5", True),
        (r"\u202e", "\u202e", True),
        (r"[\u202e]", "\u202e", True),
        (r"\U0001F600", "\N{GRINNING FACE}", True),
        ("^a{,2}$", "aaa", False),
        ("^a{,2}$", "aa", True),
        ("(?i)RELAY", "relay", True),
        ("îa@", "bîa@dest.test", True),
        ("^(?!.*bad)", "good", True),
        ("^(?!.*bad)", "good bad", False),
        ("(?s)^(?!.*bad)", "good\nbad", False),
        ("^(?!.*bad)", "good\nbad", True),
        ("(?s)^(?=.*one)(?=.*two)", "two\none", True),
        ("(?s)^(?=.*one)(?!.*two)o", "one", True),
        ("(?s)^(?=.*one)(?!.*two)o", "one two", False),
        (r"^(?=(a|\))b)(?:a|\)).$", ")b", True),
        (r"^(?=[)]x)", ")x", True),
        ("a", "\udcff a", True),
    ],
)
def test_what_a_pattern_means(pattern: str, text: str, expected: bool) -> None:
    assert found(pattern, text) is expected
    assert (re.search(pattern, text) is not None) is expected, "it means the same in Python"


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ("(", r"missing \)"),
        ("[a", r"missing \]"),
        (r"(a)\1", "no references back"),
        ("(?P<x>a)(?P=x)", "no references back"),
        ("a(?=b)", "looks ahead at the beginning only"),
        ("(?<=a)b", "never behind"),
        ("^(?=(?!a))", "looks ahead at the beginning only"),
        ("(?m)^(?!a)", "looks ahead at the beginning only"),
        ("^(?=a)b|c", "an alternative stands beside"),
        ("^(?=a", r"missing closing \)"),
        ("a{99999999999}", "1000 times are the most"),
        ("a{1,1001}", "1000 times are the most"),
        ("(?:a{1000}){1000}", "invalid repetition"),
        (".{0,900}", "repeats too much"),
        ("(?x) a", "RE2"),
        (r"\N{DASH}", "RE2"),
        ("a" * (LONGEST + 1), f"may have {LONGEST}"),
        ("\ud800", "surrogates"),
    ],
)
def test_what_no_pattern_can_say_is_told(pattern: str, problem: str) -> None:
    with pytest.raises(PatternError, match=problem):
        compiled(pattern)


@pytest.mark.parametrize(
    "pattern", ["(.*)*(.*)*ZZ", "(a+)+$", "(a|a)*b", "(x+x+)+y", "(?s)^(?!.*(a*)*b)", "(a|b)*a(a|b){20}c"]
)
def test_no_pattern_takes_longer_than_its_text_is_long(pattern: str) -> None:
    text = "a" * 1_000_000 + "\n"
    began = time.process_time()
    found(pattern, text)
    assert time.process_time() - began < 5, "Python's own engine would not come back"


def test_a_pattern_that_is_none_is_a_problem_of_its_key() -> None:
    with pytest.raises(ExpectationError) as error:
        parse({"reply": "(a)\\1", "logged": {"mx1": ["a", "b(?=c)"]}}, ["mx1"])
    assert [problem.path for problem in error.value.problems] == ["expect.reply", "expect.logged.mx1[1]"]


def test_there_is_one_door_for_patterns_of_users() -> None:
    """Python's engine gets patterns of the lab's own: literals, and names of constants."""
    own = {"word.replace('x', '\\\\d')", "re.escape(pattern).replace('x', '\\\\d+')", "f'{re.escape(path)}[.\\\\[:]'"}
    own |= {"f'{re.escape(real)}(?=  )'", "f'\\\\b{host}(_v6)?\\\\b'"}  # names that have been checked
    for path in [*(ROOT / "verdict").glob("*.py"), *(ROOT / "scenario").glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and re.fullmatch(r"re2?\.\w+", ast.unparse(node.func)) and node.args:
                pattern = node.args[0]
                known = path.name == "regex.py" or isinstance(pattern, ast.Constant) or ast.unparse(pattern) in own
                constant = "KINDS" in ast.unparse(pattern)
                escaped = ast.unparse(node.func) == "re.escape"
                assert known or constant or escaped, f"{path.name}:{node.lineno}: {ast.unparse(node)}"
