"""The order of a scenario's steps: what has been sent, held and applied before each, and what is left at the end."""

from __future__ import annotations

from collections.abc import Collection

from dnszone.problem import did_you_mean
from lab.scenario.format.model import Scenario
from lab.scenario.format.problem import Notes, joined
from lab.scenario.steps.send import Send
from lab.scenario.steps.step import Step
from lab.scenario.steps.talk import Talk


def listed(scenario: Scenario) -> tuple[Step, ...]:
    """Return the steps of a scenario; one without any sends all its messages, then holds its sessions."""
    if scenario.steps:
        return scenario.steps
    sent = [Send("message", tuple(message.name for message in scenario.messages))] if scenario.messages else []
    talked = [Talk("session", tuple(session.name for session in scenario.sessions))] if scenario.sessions else []
    return (*sent, *talked)


def check(scenario: Scenario, notes: Notes, *, complete: bool) -> None:
    """Note what a step cannot do, and, if the steps are *complete* (none was unreadable), what no step does."""
    order = Order(scenario, notes)
    for step in listed(scenario):
        step.check(order)
    if complete:
        order.check_left()


class Order:
    """How things stand where the next step is checked; a step notes what is otherwise after it.

    ``sent``, ``held``, ``applied``: names of messages, sessions, and faults that are in force. ``ever``: of faults that
    were.
    """

    def __init__(self, scenario: Scenario, notes: Notes) -> None:
        """Begin before the first step."""
        self.scenario = scenario
        self.notes = notes
        self.sent: set[str] = set()
        self.held: set[str] = set()
        self.applied = {fault.name for fault in scenario.faults if not fault.later}
        self.ever = set(self.applied)

    def check_left(self) -> None:
        """Note what no step does."""
        for index, message in enumerate(self.scenario.messages):
            if message.name not in self.sent:
                self.notes.note(f"message[{index}]", "no step sends it", f'send = "{message.name}"')
        for index, session in enumerate(self.scenario.sessions):
            if session.name not in self.held:
                self.notes.note(f"session[{index}]", "no step holds it", f'talk = "{session.name}"')
        for fault in self.scenario.faults:
            if fault.name not in self.ever:
                self.notes.note(fault.place, "is later, and no step applies it", f'apply = "{fault.name}"')

    def known(self, path: str, names: Collection[str], known: Collection[str], what: str) -> list[str]:
        """Return those of *names* that are *known*, and note each other one; *what* says of what they are the names."""
        for name in names:
            if name not in known:
                hint = did_you_mean(name, known) or f"known are {joined(known)}"
                self.notes.note(path, f"no {what} is called {name!r}", hint)
        return [name for name in names if name in known]

    def machine(self, path: str, host: str) -> None:
        """Note a host that is none on which commands can run."""
        known = self.scenario.machines
        if host not in known:
            self.notes.note(
                path, f"no MTA or mail store is called {host!r}", did_you_mean(host, known) or joined(known)
            )

    def on_its_way(self, place: str, name: str | None) -> str | None:
        """Return the message that the step at *place* is about, if that is clear and it is on its way."""
        known = [message.name for message in self.scenario.messages]
        if not known:
            self.notes.note(place, "is about a message, and there is none", "write a [[message]]")
        elif name is None:
            self.notes.note(place, "does not say which message is meant", f"messages: {', '.join(known)}")
        elif name not in known:
            hint = did_you_mean(name, known) or f"messages: {', '.join(known)}"
            self.notes.note(f"{place}.message", f"no message is called {name!r}", hint)
        elif name not in self.sent:
            self.notes.note(place, f"{name} has not been sent yet")
        else:
            return name
        return None
