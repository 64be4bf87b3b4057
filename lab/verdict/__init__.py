"""Expectation against route: pass, fail with every difference listed, or unknown; never a pass by default.

``parse`` reads an expectation from a table of TOML, ``judge`` judges it. Pure: values in, values out. Each key of an
expectation is a module of :mod:`lab.verdict.keys`.
"""

from lab.verdict.difference import Difference
from lab.verdict.evidence import Evidence
from lab.verdict.expectation import KEYS, Expectation, ExpectationError, needed, parse
from lab.verdict.judge import Verdict, judge, judge_run, reached

__all__ = [
    "KEYS",
    "Difference",
    "Evidence",
    "Expectation",
    "ExpectationError",
    "Verdict",
    "judge",
    "judge_run",
    "needed",
    "parse",
    "reached",
]
