"""Expectation against route: pass, fail with every difference listed, or unknown; never a pass by default.

``parse`` reads an expectation from a table of TOML, ``judge`` judges it. Pure: values in, values out.
"""

from lab.verdict.checks import Evidence
from lab.verdict.difference import Difference
from lab.verdict.expectation import KEYS, Expectation, ExpectationError, Problem, parse
from lab.verdict.judge import Verdict, judge, judge_logs

__all__ = [
    "KEYS",
    "Difference",
    "Evidence",
    "Expectation",
    "ExpectationError",
    "Problem",
    "Verdict",
    "judge",
    "judge_logs",
    "parse",
]
