"""Results as a JUnit XML file, as CI systems read it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from xml.etree.ElementTree import Element, ElementTree, SubElement, indent

from lab.errors import LabError
from lab.scenario.result import Result

TAGS = {"fail": "failure", "unknown": "failure", "error": "error", "skipped": "skipped"}


def write(path: Path, results: Sequence[Result]) -> None:
    """Write *results* to *path*, a suite for each group. Raises LabError when that cannot be done."""
    root = Element("testsuites", {"name": "lab", **_counts(results)})
    by_group = sorted(results, key=lambda result: result.scenario.group)
    for group, members in groupby(by_group, key=lambda result: result.scenario.group):
        listed = list(members)
        suite = SubElement(root, "testsuite", {"name": group, **_counts(listed)})
        for result in listed:
            _case(suite, result)
    indent(root)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)
    except OSError as error:
        raise LabError(f"cannot write {path}: {error.strerror}", hint="give a file that can be written") from error


def _case(suite: Element, result: Result) -> None:
    scenario = result.scenario
    seconds = f"{result.seconds:.3f}"
    case = SubElement(suite, "testcase", classname=scenario.group, name=scenario.id, file=scenario.path, time=seconds)
    if result.outcome in TAGS:
        message = "; ".join(line.strip() for line in result.lines()) or result.outcome
        SubElement(case, TAGS[result.outcome], message=_clean(message)).text = _clean(result.report())


def _counts(results: Sequence[Result]) -> dict[str, str]:
    tags = [TAGS.get(result.outcome) for result in results]
    return {
        "tests": str(len(results)),
        "failures": str(tags.count("failure")),
        "errors": str(tags.count("error")),
        "skipped": str(tags.count("skipped")),
        "time": f"{sum(result.seconds for result in results):.3f}",
    }


def _clean(text: str) -> str:
    """Return a text without the characters that XML 1.0 (2.2) does not have."""
    return "".join(each if each in "\t\n" or each >= " " else "\N{REPLACEMENT CHARACTER}" for each in text)
