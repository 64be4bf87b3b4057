"""Reads what a script says about connections: one rule, or a list of which the first that fits counts.

    "refuse"                                        short for {"refuse": true}
    {"refuse": true, "first": 2}                    the first two connections, then as if the rule were not there
    {"drop": "ipv6"}                                those to the IPv6 address; the IPv4 address works
    [{"drop": true, "first": 1}, {"delay": 2}]

Problems go to the checker, with their path.
"""

from __future__ import annotations

from typing import Any

from scripted.check import Checker, join
from scripted.script import HOUR, Connect

KERNEL = ("refuse", "drop", "unreachable")
FAMILIES = ("ipv4", "ipv6")
KEYS = (*KERNEL, "close_after_accept", "limit", "delay", "loss", "first")
EXAMPLES = {"close_after_accept": "true", "limit": "1", "delay": "2", "loss": "0.3", "first": '1, "refuse": true'}
COUNTED = (*KERNEL, "close_after_accept", "delay")  # what can be done to the first n connections


def read_connect(check: Checker, value: object) -> tuple[Connect, ...]:
    """Return the rules in *value*."""
    if not isinstance(value, list):
        return (_rule(check, "connect", value),)
    if not value:
        check.note("connect", "has no rule", "leave it out for normal behaviour")
    rules = tuple(_rule(check, join("connect", index), each) for index, each in enumerate(value))
    for index, rule in enumerate(rules):
        if rule.loss:
            check.note(join("connect", index), "has loss, in a list", "it meets all packets of all connections: alone")
        if rule.first is None and rule.family is None and index + 1 < len(rules):
            check.note(join("connect", index + 1), "never has its turn", f'give connect[{index}] a "first"')
            break
    return rules


def _rule(check: Checker, path: str, value: object) -> Connect:
    if isinstance(value, str) and value in KEYS and value not in KERNEL:
        check.note(path, f"{value} is said in a table", f'e.g. {{"{value}": {EXAMPLES[value]}}}')
        return Connect()
    if not isinstance(value, dict):
        word = check.choice(path, value, KERNEL)
        return Connect() if word is None else Connect(kernel=word)
    table = check.table(path, value, KEYS)
    known: dict[str, Any] = {}
    for key, entry in table.items():
        place = join(path, key)
        match key:
            case "limit":
                known[key] = check.count(place, entry, 0, 10_000)
            case "first":
                known[key] = check.count(place, entry, 1, 1_000_000)
            case "delay":
                known[key] = check.number(place, entry, HOUR) or 0.0
            case "loss":
                known[key] = check.number(place, entry, 1) or 0.0
            case "close_after_accept":
                known[key] = check.flag(place, entry)
            case _ if isinstance(entry, str):
                known |= {"kernel": key, "family": check.choice(place, entry, FAMILIES)}
            case _:
                if check.flag(place, entry):
                    known["kernel"] = key
    _consistent(check, path, table)
    return Connect(**known)


def _consistent(check: Checker, path: str, table: dict[str, Any]) -> None:
    """Report keys that cancel each other, and a rule without any."""
    failing = [key for key in KERNEL if table.get(key)]
    rest = [key for key in table if key not in (*KERNEL, "first")]
    if failing and len(failing) + len(rest) > 1:
        check.note(path, f"has {' and '.join(failing + rest)}", "a connection fails in one way: keep one of them")
    if "first" in table:
        for key in ("limit", "loss"):
            if key in table:
                check.note(path, f"has first and {key}", f"first goes with {', '.join(COUNTED)}")
    if not any(entry is not False for key, entry in table.items() if key != "first"):
        check.note(path, "does nothing", f"add one of {', '.join(key for key in KEYS if key != 'first')}")
