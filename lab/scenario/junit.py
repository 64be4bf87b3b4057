"""Results as a JUnit XML file, as CI systems read it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from xml.etree.ElementTree import Element, ElementTree, SubElement, indent

from lab.errors import LabError
from lab.printable import printable
from lab.scenario.run.result import Result

TAGS = {"fail": "failure", "unknown": "failure", "error": "error", "skipped": "skipped"}


def write(path: Path, results: Sequence[Result]) -> None:
    """Write *results* to *path*, a suite for each group. Raises LabError when that cannot be done."""
    root = Element("testsuites", {"name": "lab", **_counts(results)})
    by_group = sorted(results, key=lambda result: result.scenario.group)
    for group, members in groupby(by_group, key=lambda result: result.scenario.group):
        listed = list(members)
        suite = SubElement(root, "testsuite", {"name": printable(group), **_counts(listed)})
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
    names = {"classname": scenario.group, "name": scenario.id, "file": scenario.path}
    attributes = {key: printable(name) for key, name in names.items()}  # XML 1.0 (2.2) has no control characters
    case = SubElement(suite, "testcase", {**attributes, "time": f"{result.seconds:.3f}"})
    if result.outcome in TAGS:
        message = "; ".join(line.strip() for line in result.lines()) or result.outcome
        SubElement(case, TAGS[result.outcome], message=printable(message)).text = printable(result.report())


def _counts(results: Sequence[Result]) -> dict[str, str]:
    tags = [TAGS.get(result.outcome) for result in results]
    return {
        "tests": str(len(results)),
        "failures": str(tags.count("failure")),
        "errors": str(tags.count("error")),
        "skipped": str(tags.count("skipped")),
        "time": f"{sum(result.seconds for result in results):.3f}",
    }
