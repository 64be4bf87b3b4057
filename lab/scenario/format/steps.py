"""The order of a scenario's steps, and whether each can be taken: what it names exists, and is in the right state."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from dnszone.problem import did_you_mean
from lab.scenario.format.model import IN_QUEUE, RUN, Scenario, Step
from lab.scenario.format.problem import Notes, joined
from lab.scenario.format.variables import replaced, zone_key
from lab.verdict import regex


def names(value: Any) -> list[str]:  # noqa: ANN401  a text or a list of texts, as TOML gives it
    """Return the names in a step's value."""
    return [value] if isinstance(value, str) else list(value)


def output(step: Step, values: Mapping[str, str]) -> str | None:
    """Return the regular expression that a command's output must match; variables stand for exactly their values."""
    pattern = step.table.get("output")
    return None if pattern is None else replaced(str(pattern), {name: re.escape(each) for name, each in values.items()})


def listed(scenario: Scenario) -> tuple[Step, ...]:
    """Return the steps of a scenario; one without any sends all its messages, then holds its sessions."""
    if scenario.steps:
        return scenario.steps
    sent = {"send": [message.name for message in scenario.messages]}
    talked = {"talk": [session.name for session in scenario.sessions]}
    steps = [Step("message", "send", sent)] if scenario.messages else []
    return (*steps, *([Step("session", "talk", talked)] if scenario.sessions else []))


def check(scenario: Scenario, notes: Notes, *, complete: bool) -> None:
    """Note what a step cannot do, and, if the steps are *complete* (none was unreadable), what no step does."""
    order = _Order(scenario, notes)
    order.check()
    if complete:
        order.check_left()


class _Order:
    def __init__(self, scenario: Scenario, notes: Notes) -> None:
        self._scenario = scenario
        self._notes = notes
        self._sent: set[str] = set()
        self._held: set[str] = set()
        self._applied = {fault.name for fault in scenario.faults if not fault.later}
        self._ever = set(self._applied)

    def check(self) -> None:
        for step in listed(self._scenario):
            getattr(self, f"_{step.action}", self._on_host)(step)

    def check_left(self) -> None:
        for index, message in enumerate(self._scenario.messages):
            if message.name not in self._sent:
                self._notes.note(f"message[{index}]", "no step sends it", f'send = "{message.name}"')
        for index, session in enumerate(self._scenario.sessions):
            if session.name not in self._held:
                self._notes.note(f"session[{index}]", "no step holds it", f'talk = "{session.name}"')
        for fault in self._scenario.faults:
            if fault.name not in self._ever:
                self._notes.note(fault.place, "is later, and no step applies it", f'apply = "{fault.name}"')

    def _send(self, step: Step) -> None:
        for name in self._known(step, "send", {message.name for message in self._scenario.messages}, "message"):
            if name in self._sent:
                self._notes.note(f"{step.place}.send", f"{name} has been sent already", "write another [[message]]")
            self._sent.add(name)

    def _talk(self, step: Step) -> None:
        self._held.update(self._known(step, "talk", {session.name for session in self._scenario.sessions}, "session"))

    def _apply(self, step: Step) -> None:
        for name in self._known(step, "apply", {fault.name for fault in self._scenario.faults}, "fault"):
            if name in self._applied:
                self._notes.note(
                    f"{step.place}.apply", f"{name} is in force already", "later = true keeps it for a step"
                )
            self._applied.add(name)
            self._ever.add(name)

    def _heal(self, step: Step) -> None:
        for name in self._known(step, "heal", {fault.name for fault in self._scenario.faults}, "fault"):
            if name not in self._applied:
                self._notes.note(f"{step.place}.heal", f"{name} is not in force here")
            self._applied.discard(name)

    def _zone(self, step: Step) -> None:
        of = step.table.get("of")
        if of is not None and zone_key(str(of)) not in {**self._scenario.zones, **self._scenario.fixed}:
            known = [*(name.lower() for name in self._scenario.zones), *self._scenario.fixed]
            self._notes.note(
                f"{step.place}.of", f"no zone is called {of!r}", did_you_mean(str(of), known) or joined(known)
            )

    def _until(self, step: Step) -> None:
        message = self._message(step)
        to = step.table.get("to")
        if message is not None and to is not None and to not in self._scenario.message(message).to:
            self._notes.note(f"{step.place}.to", f"{to!r} is no recipient of {message}")

    def _expect(self, step: Step) -> None:
        for expected in step.expected:
            if expected.message != RUN and expected.message not in self._sent:
                self._notes.note(expected.place, f"{expected.message} has not been sent yet")

    def _on_host(self, step: Step) -> None:
        host = str(step.table[step.action])
        place, scenario = f"{step.place}.{step.action}", self._scenario
        any_daemon = step.action not in IN_QUEUE
        known = scenario.machines if any_daemon else scenario.mtas
        if host in scenario.stores and not any_daemon:
            self._notes.note(place, f"{host} is a mail store and has no queue", joined(known))
        elif host not in known:
            what = "MTA or mail store" if any_daemon else "MTA"
            self._notes.note(place, f"no {what} is called {host!r}", did_you_mean(host, known) or joined(known))
        if step.action in IN_QUEUE:
            self._message(step)
        if step.action == "run":
            self._check_command(step)

    def _check_command(self, step: Step) -> None:
        if "command" not in step.table:
            self._notes.note(step.place, "command is missing", 'command = ["postqueue", "-p"]')
        try:
            regex.compiled(output(step, {}) or "")
        except regex.PatternError as error:
            self._notes.note(f"{step.place}.output", f"is no regular expression: {error}")

    def _message(self, step: Step) -> str | None:
        """Return the message that a step is about, if that is clear and it is on its way."""
        known = [message.name for message in self._scenario.messages]
        name = step.table.get("message", known[0] if len(known) == 1 else None)
        if not known:
            self._notes.note(step.place, "is about a message, and there is none", "write a [[message]]")
        elif name is None:
            self._notes.note(step.place, "does not say which message is meant", f"messages: {', '.join(known)}")
        elif name not in known:
            hint = did_you_mean(str(name), known) or f"messages: {', '.join(known)}"
            self._notes.note(f"{step.place}.message", f"no message is called {name!r}", hint)
        elif name not in self._sent:
            self._notes.note(step.place, f"{name} has not been sent yet")
        else:
            return str(name)
        return None

    def _known(self, step: Step, key: str, known: Collection[str], what: str) -> list[str]:
        found = []
        for name in names(step.table[key]):
            if name in known:
                found.append(name)
            else:
                hint = did_you_mean(name, known) or f"known are {joined(known)}"
                self._notes.note(f"{step.place}.{key}", f"no {what} is called {name!r}", hint)
        return found
