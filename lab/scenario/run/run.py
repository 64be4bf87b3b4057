"""Runs one scenario on a lab: sets the stage, takes the steps, looks, judges, and puts everything back.

In: a scenario, a :class:`lab.lab.Lab`. Out: a :class:`Result`; whatever goes wrong becomes one.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from lab.errors import LabError, UnsupportedError
from lab.scenario.format.expect import Asked, ready
from lab.scenario.format.model import IN_QUEUE, MAIN, RUN, Expected, Message, Scenario, Step
from lab.scenario.format.session import talk
from lab.scenario.format.steps import listed, names, output
from lab.scenario.format.variables import replaced, zone_key
from lab.scenario.run import hosts_needed
from lab.scenario.run.content import content
from lab.scenario.run.explained import meant
from lab.scenario.run.judge import Judged, judged, judged_run, worst
from lab.scenario.run.observe import QUEUE_TIMEOUT, Observer, Sent
from lab.scenario.run.result import Outcome, Result
from lab.scenario.run.stage import Stage
from lab.state import claims
from lab.verdict import Difference, regex

if TYPE_CHECKING:
    from lab.lab import Lab
    from lab.mail.submission import Submission
    from lab.route.departures import Departure


def run(scenario: Scenario, lab: Lab, *, evidence: Path | None = None, always: bool = False) -> Result:
    """Run *scenario* and return what came of it.

    The evidence of a run that does not pass is saved below *evidence*, with *always* that of every run.
    """
    began = time.monotonic()
    alone = hosts_needed.alone(scenario)
    stage = Stage(scenario, lab)
    try:
        with claims.claim(lab.name, hosts_needed.shared(scenario), alone | hosts_needed.names(scenario)):
            began = time.monotonic()  # waiting for others is no part of it
            with stage:
                return _Run(stage, alone, evidence, always=always).result(began)
    except UnsupportedError as error:
        return Result(scenario, "skipped", time.monotonic() - began, str(error.args[0]))
    except LabError as error:
        return Result(scenario, "error", time.monotonic() - began, stage.names.told(str(error)))


class _Run:
    def __init__(self, stage: Stage, alone: frozenset[str], evidence: Path | None, *, always: bool) -> None:
        self._stage = stage
        self._scenario = stage.scenario
        self._lab = stage.lab
        self._alone = alone
        self._evidence = evidence
        self._always = always
        self._began = datetime.now(UTC)
        self._sent: dict[str, list[Sent]] = {}
        self._observer = Observer(stage, self._sent, self._began, alone)
        self._judged: list[Judged] = []
        self._differences: list[Difference] = []
        self._notes: list[str] = []

    def result(self, began: float) -> Result:
        """Take the steps, judge, and return the result."""
        try:
            for step in listed(self._scenario):
                ACTIONS[step.action](self, step)
                if self._differences:  # what comes after a step that failed means nothing
                    break
            else:
                self._expect(self._scenario.expected)
        except UnsupportedError:
            raise
        except LabError as error:
            return self._end("error", began, str(error), ())
        departures = self._departures()
        verdicts = [each.verdict for each in self._judged]
        failed = bool(self._differences or departures)
        unsent = not self._scenario.messages  # sessions and steps, which have their own differences
        outcome: Outcome = "fail" if failed else "pass" if unsent and not verdicts else worst(verdicts)
        return self._end(outcome, began, None, departures)

    def _end(self, outcome: Outcome, began: float, reason: str | None, departures: tuple[Departure, ...]) -> Result:
        seconds = time.monotonic() - began
        shown = self._stage.names
        routes = tuple(shown.route(route) for each in self._submissions() for route in each.known())
        folder, story = None, ""
        if outcome not in ("pass", "skipped") or self._always:
            story, folder = self._save()
        found = Result(
            self._scenario,
            outcome,
            seconds,
            None if reason is None else shown.told(reason),
            tuple(self._judged),
            tuple(self._differences),
            routes,
            departures,
            shown.told(story),
            folder,
            {f"${name}": domain for name, domain in self._stage.domains.items()},
            tuple(self._notes),
        )
        if folder is not None:
            with suppress(OSError):  # as above
                (folder / "result.json").write_text(json.dumps(found.to_json(), indent=1), "utf-8")
        return found

    def _save(self) -> tuple[str, Path | None]:
        """Return the story of the messages, and the folder with the evidence, as far as there is any."""
        from lab.mail import evidence

        submissions = self._submissions()
        folder = self._evidence / self._scenario.id if self._evidence else None
        judge = self._observer.judge()
        story = "\n\n".join(evidence.report(each, judge) for each in submissions if each.origin)
        if folder is not None:
            with suppress(LabError):  # the result must still be seen
                evidence.save(
                    folder,
                    submissions,
                    self._began,
                    hosts=self._lab.hosts,
                    domains=self._lab.domains,
                    recorder=self._lab.recorder,
                    names=self._stage.names,
                    alone=self._alone,
                    judge=judge,
                )
        return story, folder

    def _departures(self) -> tuple[Departure, ...]:
        """Return the departures without a reason; a reason without its departure is noted, and no more.

        The servers did nothing wrong then: chance went the other way, or plans have learned something since. Where a
        plan leaves off nobody can tell a departure, nor that there is none.
        """
        reasons = self._scenario.departs_from_plan
        found, used, open_ = [], set(), set()
        for each in (sent for several in self._sent.values() for sent in several):
            open_ |= set(self._observer.unplanned(each))
            for departure, explained in self._observer.departures(each):
                entry = meant(departure, reasons)
                if entry is not None:
                    used.add(entry)
                elif not explained:
                    found.append(departure)
        for index, entry in enumerate(reasons):
            vague = bool(open_) if entry.host is None else entry.host in open_
            if entry not in used and not vague and not self._differences:
                what = f"{entry.kind} at {entry.target or entry.host or 'a host'}: {entry.why}"
                self._notes.append(f"departs_from_plan[{index}] ({what}) was not needed")
        return tuple(dict.fromkeys(found))

    def _submissions(self) -> list[Submission]:
        return [sent.submission for several in self._sent.values() for sent in several]

    # The actions

    def _send(self, step: Step) -> None:
        for name in names(step.table["send"]):
            message = self._scenario.message(name)
            for _ in range(message.count):
                at = datetime.now(UTC)
                self._sent.setdefault(name, []).append(Sent(self._hand_over(message), at))

    def _hand_over(self, message: Message) -> Submission:
        values = self._stage.values
        to = [replaced(each, values) for each in message.to]
        sender = replaced(message.sender, values)
        return self._lab.send(
            to=to,
            via=self._via(message),
            sender=sender,
            message=content(message, sender, to, values, Path(self._scenario.path).parent),
            login=message.login,
            dsn=replace(
                message.dsn,
                envid=message.dsn.envid and replaced(message.dsn.envid, values),
                orcpt=message.dsn.orcpt and replaced(message.dsn.orcpt, values),
            ),
        )

    def _via(self, message: Message) -> str:
        host, colon, port = message.via.partition(":")
        return f"{self._stage.names.real(host)}{colon}{port}"

    def _talk(self, step: Step) -> None:
        values = self._stage.values
        for name in names(step.table["talk"]):
            session = next(each for each in self._scenario.sessions if each.name == name)
            host, colon, port = session.at.partition(":")
            connect = partial(self._lab.connect, f"{self._stage.names.real(host)}{colon}{port}")
            outcome = talk([replaced(line, values) for line in session.lines], connect)
            if outcome.expected is not None:
                said = "\n".join(f"    {line}" for line in outcome.transcript)
                self._differences.append(
                    Difference(f"session {name}", outcome.expected, f"{outcome.observed}; what was said:\n{said}")
                )

    def _apply(self, step: Step) -> None:
        for name in names(step.table["apply"]):
            self._stage.apply(name)

    def _heal(self, step: Step) -> None:
        for name in names(step.table["heal"]):
            self._stage.heal(name)

    def _zone(self, step: Step) -> None:
        name = zone_key(str(step.table.get("of", MAIN)))
        self._stage.zone(name, str(step.table["zone"]))
        self._plan_again()

    def _queue(self, step: Step) -> None:
        """Do to the message what the action says, with Postfix's own commands."""
        host = self._stage.names.real(str(step.table[step.action]))
        queue = self._lab.queue(host)
        ids = {
            getattr(event, "queue_id", None)
            for sent in self._sent[self._named(step)]
            for event in sent.submission.events()
            if event.host == host
        }
        lying = queue.found(ids, QUEUE_TIMEOUT)
        if not lying:
            self._differences.append(
                Difference(
                    step.place, f"{self._named(step)} in the queue of {step.table[step.action]}", "it is not there"
                )
            )
        for message in lying:
            getattr(queue, step.action)(message.queue_id)

    def _restart(self, step: Step) -> None:
        with self._lab.stopped(self._stage.names.real(str(step.table["restart"]))):
            pass

    def _command(self, step: Step) -> None:
        host = self._lab.hosts[self._stage.names.real(str(step.table["run"]))]
        command = [replaced(word, self._stage.values) for word in step.table["command"]]
        ran = self._lab.engine.execute(host.container, command)
        printed = ran.output + ran.errors
        if self._lab.reread(host.name):
            self._plan_again()
        pattern = output(step, self._stage.values)
        if pattern is None and ran.exit_code != 0:
            self._differences.append(Difference(step.place, "exit code 0", f"{ran.exit_code}: {printed.strip()}"))
        if pattern is not None and not regex.found(pattern, printed):
            self._differences.append(Difference(step.place, pattern, printed.strip() or "no output"))

    def _plan_again(self) -> None:
        """Make the plans of all messages anew, from the zones and settings as they are now."""
        for each in self._submissions():
            each.plan_again()

    def _until(self, step: Step) -> None:
        outcome, name = str(step.table["until"]), self._named(step)
        timeout = float(step.table.get("timeout", self._scenario.timeout))
        deadline = time.monotonic() + timeout
        for sent in self._sent[name]:
            to = step.table.get("to")
            recipients = (replaced(str(to), self._stage.values),) if to else sent.submission.recipients
            self._observer.wait(sent.submission, recipients, lambda route: route.outcome == outcome, deadline)
            for route in sent.submission.known():
                if route.recipient in recipients and route.outcome != outcome:
                    self._differences.append(Difference(f"{step.place}.until", outcome, route.outcome))

    def _expect_now(self, step: Step) -> None:
        self._expect(step.expected)

    def _expect(self, expected: tuple[Expected, ...]) -> None:
        for each in expected:
            asked: Asked = ready(each, self._stage.values)
            if asked.message == RUN:
                deadline = time.monotonic() + self._scenario.timeout
                self._judged.append(judged_run(asked, self._observer.logs(asked.judged, None, deadline)))
            else:
                self._judged += judged(asked, self._observer.observe(asked, self._scenario.timeout))

    def _named(self, step: Step) -> str:
        return str(step.table.get("message", self._scenario.messages[0].name))


ACTIONS: Mapping[str, Callable[[_Run, Step], None]] = {
    "send": _Run._send,
    "talk": _Run._talk,
    "apply": _Run._apply,
    "heal": _Run._heal,
    "zone": _Run._zone,
    **dict.fromkeys(IN_QUEUE, _Run._queue),
    "restart": _Run._restart,
    "run": _Run._command,
    "until": _Run._until,
    "expect": _Run._expect_now,
}
