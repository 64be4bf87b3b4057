"""The scripted host's own reader of fault scripts and policy rules, which judges a scenario's before anything runs.

It is the package ``scripted`` in compose/scripted, which runs in that host's container: one grammar for both.
"""

from __future__ import annotations

import importlib.util
import sys
from typing import Any

from dnszone.problem import Problem
from lab.world import bundle

RULE_KEYS = ("reply", "recipient", "sender", "first", "delay")
STATES = {"rcpt": "RCPT", "data": "DATA", "end-of-data": "END-OF-MESSAGE"}
"""Stages at which the lab's MXes ask (compose/postfix/mx/main.cf), to protocol_state (SMTPD_POLICY_README)."""


def script_problems(script: object) -> list[Problem]:
    """Return what is wrong with the script of a scripted address; each has its path."""
    _provide()
    from scripted.check import InvalidError
    from scripted.read import read_script

    try:
        read_script(script)
    except InvalidError as error:
        return [Problem(each.problem, each.hint, path=each.path) for each in error.problems]
    return []


def policy_problems(rule: dict[str, Any]) -> list[Problem]:
    """Return what is wrong with a rule of the policy service; each has its path."""
    _provide()
    from scripted.check import InvalidError
    from scripted.policies import read_policy

    try:
        read_policy(rule)
    except InvalidError as error:
        return [Problem(each.problem, each.hint, path=each.path) for each in error.problems]
    return []


def _provide() -> None:
    """Make the package importable where its folder is not on the path."""
    if "scripted" in sys.modules or importlib.util.find_spec("scripted") is not None:
        return
    folder = bundle.compose_folder() / "scripted"
    spec = importlib.util.spec_from_file_location(
        "scripted", folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"there is no package in {folder}")
    module = importlib.util.module_from_spec(spec)
    sys.modules["scripted"] = module
    spec.loader.exec_module(module)
