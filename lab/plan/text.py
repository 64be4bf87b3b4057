"""A plan for a person to read: rows for a table, and plain text of at most 110 columns.

bia@dest.test, from direct
next    dest.test over smtp                                                             RFC 5321 5.1
        dest.test is elsewhere: the DNS says where its mail goes.
asks    MX dest.test         10 mx1.dest.test, 20 mx2.dest.test                         RFC 5321 5.1
tries   1  mx1  198.18.0.11:25  mx1.dest.test                                           RFC 5321 5.1
           Preference 10, the lowest number: tried first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from textwrap import wrap

from lab.route.plan import Group, Plan, Site

WIDTH = 110
RULE = 34  # columns for the rule at the right
INDENT = 8
NAME = 30  # columns at most for the names that are asked for
SHOWN = 6  # addresses of one random group, and questions of one kind, that are written out


@dataclass(frozen=True, slots=True)
class Row:
    """One step.

    ``kind``: next, becomes, asks, unknown, site, tries, never, if, may, also, end, note; ``why`` is a sentence, or ""
    where none is needed.
    """

    kind: str
    text: str
    why: str
    rule: str


def rows(plan: Plan) -> tuple[Row, ...]:
    """Return the steps of one host's plan in the order in which they happen."""
    return tuple(_rows(plan))


def text(plan: Plan, width: int = WIDTH) -> str:
    """Return the plan as lines of at most *width* columns, and below it its branches and the hosts behind it."""
    blocks: dict[tuple[str, ...], list[str]] = {}  # hosts that do the same for a recipient share a block
    for part in plan.walk():
        blocks.setdefault((part.recipient, *_block(part, width)), []).append(part.host)
    titled = (
        [*wrap(f"{recipient}, from {', '.join(dict.fromkeys(hosts))}", width), *block]
        for (recipient, *block), hosts in blocks.items()
    )
    return "\n\n".join("\n".join(lines) for lines in titled) + "\n"


def _rows(plan: Plan) -> Iterator[Row]:
    if plan.transport:
        yield Row("next", f"{plan.nexthop} over {plan.transport}", plan.why, plan.rule)
    elif not plan.replaced and not plan.unplanned:
        yield Row("next", "none: the address is refused", plan.why, plan.rule)
    yield from _questions(plan)
    if plan.unplanned:
        why = f"From here on nothing is planned. {plan.unplanned.why}"
        yield Row("unknown", plan.unplanned.setting, why, plan.unplanned.rule)
    yield from _branches(plan)
    number = 0
    for site in plan.sites:
        if len(plan.sites) > 1:
            yield Row("site", f"{site.role} {site.nexthop}", site.why, site.rule)
        for group in site.groups:
            number += 1
            yield Row("tries", f"{number}. {_targets(group)}", group.why, group.rule)
        yield from _exclusions(site)
        if site.status and plan.outcome is None:
            yield Row("never", site.nexthop, f"{site.reason} ({site.status})", site.rule)
    for consequence in plan.consequences:
        yield Row("if", f"{consequence.answer} -> {consequence.leads_to}", "", consequence.rule)
    if plan.outcome:
        yield Row("end", " ".join(filter(None, (plan.outcome, plan.status))), plan.reason or "", "")
    for note in plan.notes:
        yield Row("note", note, "", "")


def _branches(plan: Plan) -> Iterator[Row]:
    """Say who comes out of the recipient: in its place, besides its delivery, or perhaps."""
    shown = ""
    for branch in plan.branches:
        kind = "becomes" if plan.outcome is None else "also"
        why = "" if branch.why == shown else branch.why
        shown = branch.why
        sent = f"{branch.recipient}, sent by {branch.host}" if branch.by == "sieve" else branch.recipient
        yield Row(kind if branch.certain else "may", sent, why, branch.rule if why else "")


def _questions(plan: Plan) -> Iterator[Row]:
    shown = ""
    column = 5 + min(NAME, max((len(question.name) for question in plan.questions), default=0))
    for position, question in enumerate(plan.questions):
        if position >= 2 * SHOWN:
            yield Row("asks", f"... and {len(plan.questions) - position} more questions of this kind", "", "")
            return
        why = "" if question.why == shown else question.why
        shown = question.why
        name = f"{question.type:<4} {question.name}".ljust(column)
        yield Row("asks", f"{name}  {_some(question.answer.split(', '))}", why, question.rule if why else "")


def _exclusions(site: Site) -> Iterator[Row]:
    by_reason: dict[tuple[str, str], list[str]] = {}
    for each in site.excluded:
        by_reason.setdefault((each.why, each.rule), []).append(" ".join(filter(None, (each.name, each.address))))
    for (why, rule), names in by_reason.items():
        yield Row("never", _some(list(dict.fromkeys(names))), f"Not tried: {why}.", rule)


def _targets(group: Group) -> str:
    names = [f"{target.host} {_socket(target.address, target.port)}" for target in group.targets]
    if len(names) == 1:
        return names[0] + _also(group.targets[0].host, group.targets[0].name)
    return "in any order: " + _some(names)


def _also(host: str, name: str) -> str:
    return "" if name == host else f" ({name})"


def _some(names: list[str]) -> str:
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more} more" if more > 0 else "")


def _socket(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _block(plan: Plan, width: int) -> Iterator[str]:
    last = ""
    for row in rows(plan):
        label = "" if row.kind == last else row.kind
        last = row.kind
        yield from _row(label, row, width)


def _row(label: str, row: Row, width: int) -> Iterator[str]:
    """Yield text at the left and rule at the right on the first lines, the sentence below the text."""
    body = width - INDENT - RULE - 2
    left, right = wrap(row.text, body) or [""], wrap(row.rule, RULE)
    for position in range(max(len(left), len(right))):
        first = left[position] if position < len(left) else ""
        second = right[position] if position < len(right) else ""
        yield f"{label if position == 0 else '':<{INDENT}}{first:<{body}}  {second}".rstrip()
    for line in wrap(row.why, width - INDENT - 2):
        yield " " * (INDENT + 2) + line
