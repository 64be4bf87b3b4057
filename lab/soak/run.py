"""Does what a campaign says in a running lab: sends under faults, heals, waits, and looks where everything lies.

In: a lab, a campaign. Out: an :class:`lab.soak.account.Account`. What it has changed is put back, however it ends.
Every wait has a deadline; what has not come to its end by then is accounted for as it is.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from lab.engine.hosts import MAIL_ROLES
from lab.errors import LabError
from lab.route import events
from lab.route.history import History, Origin
from lab.soak.account import Account, Queued, Stored, address, balance, mailbox_of
from lab.soak.campaign import DISCARDING, SHAPES, Letter, Round, Wrong

if TYPE_CHECKING:
    from lab.lab import Lab
    from lab.mail.submission import Submission
    from lab.route.model import Route

Tell = Callable[[str], None]
BITE = 10.0  # seconds that the messages of a round have to run into what is wrong, before it is healed


def soak(lab: Lab, rounds: Sequence[Round], seed: int, timeout: float, tell: Tell) -> Account:
    """Send all messages, and account for them; *timeout*: seconds to wait for their ends, once all is healed."""
    began = time.monotonic()
    account = Account(seed)
    domains = [lab.zone(shape.format(n=number)) for number, shape in enumerate(SHAPES)]
    lab.sieve(f"{DISCARDING}@{domains[0]}", "discard;")
    for number, each in enumerate(rounds, start=1):
        with ExitStack() as standing:
            for wrong in each.wrong:
                standing.enter_context(_made_wrong(lab, domains, wrong))
                account.faults.append(str(wrong))
            said = ", ".join(map(str, each.wrong)) or "nothing"
            tell(f"round {number} of {len(rounds)}: {len(each.letters)} messages, and wrong is {said}")
            sent = [found for letter in each.letters if (found := _sent(lab, domains, letter, account))]
            _settled(lab, sent, BITE, lambda _: True)
    tell("all is healed: what waits is tried again")
    _await_ends(lab, timeout)
    account.recipients = balance(*whereabouts(lab))
    account.messages = len(lab.submissions) + len(account.unsent)
    account.seconds = time.monotonic() - began
    return account


@contextmanager
def _made_wrong(lab: Lab, domains: Sequence[str], wrong: Wrong) -> Iterator[None]:
    if wrong.where == "dns":
        fault = lab.dns.fault(**wrong.what, name=f"*{domains[wrong.domain]}")
        try:
            yield
        finally:
            lab.dns.heal(fault)
    else:
        name = f"s{wrong.where}" if isinstance(wrong.where, int) else wrong.where
        with lab.fault(name, **wrong.what):
            yield


def _sent(lab: Lab, domains: Sequence[str], letter: Letter, account: Account) -> Submission | None:
    to = [f"{user}@{domains[number]}" for user, number in letter.to]
    try:
        return lab.send(to=to, via=letter.via, sender=letter.sender)
    except LabError as error:
        account.unsent.append(f"{letter.via}: {error.args[0]}")
        return None


def _await_ends(lab: Lab, timeout: float) -> None:
    """Have everything tried again, and wait until each message is at its end or has been tried since then."""
    since = datetime.now(UTC)
    for name in _mail_hosts(lab):
        lab.queue(name).flush()

    def ended(route: Route) -> bool:
        if route.outcome in ("unknown", "deferred", "held"):
            return bool(route.attempts) and route.outcome == "deferred" and route.attempts[-1].at >= since
        return all(each.outcome not in ("unknown", "deferred") for each in route.walk())

    _settled(lab, lab.submissions, timeout, ended)


def _settled(lab: Lab, sent: Sequence[Submission], timeout: float, ended: Callable[[Route], bool]) -> None:
    """Wait until each message is settled and all its routes have *ended*, for *timeout* seconds at most."""
    deadline = time.monotonic() + timeout
    for submission in sent:
        if submission.origin is not None:
            taken = [to for to in submission.recipients if to not in submission.receipt.refused]
            there = partial(_there, message=submission.origin, recipients=taken, ended=ended)
            lab.recorder.wait(there, max(0.0, deadline - time.monotonic()))


def _there(history: History, message: Origin, recipients: Sequence[str], ended: Callable[[Route], bool]) -> bool:
    return history.settled(message, recipients) and all(map(ended, history.routes(message, recipients)))


def whereabouts(lab: Lab) -> tuple[list[Route], Stored, Queued]:
    """Return every route, where copies are stored, and what the queues hold, as they are now."""
    queued = _queued(lab)  # before the routes: what is in both goes on meanwhile
    routes = [route for each in lab.submissions for route in each.known()]
    stored: Counter[tuple[str, str]] = Counter()
    for each in {address(route) for route in routes if route.mailstore}:
        mailbox = lab.mailbox(each)
        messages = (message for name in mailbox.names() for message in mailbox.messages(name))
        stored.update((message.message_id or "", each) for message in messages)
    for submission in lab.submissions:
        for event in submission.events():
            if isinstance(event, events.Stored):  # at the scripted host
                stored.update((submission.message_id or "", mailbox_of(to)) for to in event.recipients)
    return routes, stored, queued


def _queued(lab: Lab) -> Queued:
    found: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    there = {(name, each.queue_id): each for name in _mail_hosts(lab) for each in lab.queue(name).list()}
    for submission in lab.submissions:
        origin = submission.origin
        left = lab.recorder.read(partial(History.queued, message=origin)) if origin else []
        for host, queue_id in left:
            if message := there.get((host, queue_id)):
                for recipient in message.recipients:
                    found[submission.message_id or "", recipient].add(host)
    return found


def _mail_hosts(lab: Lab) -> list[str]:
    return [host.name for host in lab.hosts.values() if host.role in MAIL_ROLES]
