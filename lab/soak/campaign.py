"""What a soak does: rounds of messages, and what is wrong while each is sent; the same for the same seed.

In: how many messages, a seed. Out: rounds. Pure: names of domains are chosen when it runs, here they have numbers.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SHAPES = (  # of a domain's zone, {n} its number
    "@ MX 10 mx1.dest.test.\n@ MX 20 mx2.dest.test.\n@ MX 30 mx3.dest.test.\n",
    "@ MX 10 s{n}\n@ MX 20 mx2.dest.test.\ns{n} A $SCRIPTED_1\n",
    "@ MX 10 s{n}\n@ MX 10 mx1.dest.test.\ns{n} A $SCRIPTED_1\n",  # equal preference: in any order
    "@ MX 10 s{n}\ns{n} A $SCRIPTED_1\n",
    "@ MX 10 gone\n@ MX 20 mx3.dest.test.\ngone A $MAILSTORE\n",  # nothing listens on port 25 there
    "@ MX 10 gone\ngone A $MAILSTORE\n",  # and so what is for this domain stays in a queue
    "@ MX 0 .\n",  # null MX (RFC 7505)
)
SCRIPTED = (1, 2, 3)  # which of the shapes have a scripted exchanger
USERS = ("bia", "cai", "dora+lists", "eva", "nobody-here")
DISCARDING = "eva"  # whose Sieve script discards what comes for her in the domains of the first shape
VIAS = ("client", "direct", "smarthost")
SENDERS = ("ana@home.test",) * 8 + ("", "gone@home.test")  # the null sender; one who cannot be told
ROUND = 10  # messages
MOST = 3  # faults at a time

REPLIES = ("421 4.3.2 Closing", "450 4.2.0 Later", "451 4.3.0 Local error", "550 5.7.1 No", "554 5.7.1 Never")
WHOLE: tuple[Mapping[str, Any], ...] = (
    {"connect": "refuse"},
    {"connect": "drop"},
    {"connect": "unreachable"},
    {"connect": {"loss": 0.3}},
    {"connect": {"close_after_accept": True}},
    {"host": "stopped"},
    {"host": "killed"},
    {"host": "paused"},
    {"host": "cut"},
)
AT_SCRIPTED: tuple[Mapping[str, Any], ...] = (
    {"connect": "refuse"},
    {"connect": "drop"},
    {"banner": {"reply": "220 slow.test", "delay": 1}},
    {"body": {"after_bytes": 100, "reset": True}},
    {"end-of-data": {"vanish": True}},  # taken, and not said so: it comes twice (RFC 5321 4.5.4.1, RFC 1047)
    {"end-of-data": {"hang": True}},
    *({stage: {how: True}} for stage in ("ehlo", "mail", "rcpt", "data") for how in ("close", "reset")),
    *({stage: reply} for stage in ("banner", "mail", "rcpt", "data", "end-of-data") for reply in REPLIES),
)
IN_DNS: tuple[Mapping[str, Any], ...] = (
    *({"kind": "rcode", "rcode": rcode} for rcode in ("SERVFAIL", "NXDOMAIN", "REFUSED")),
    *({"kind": kind} for kind in ("drop", "truncate", "wrong-id", "malformed")),
    {"kind": "delay", "seconds": 1},
)


@dataclass(frozen=True, slots=True)
class Wrong:
    """One fault. ``where``: "dns", a host, or the number of a domain at whose scripted exchanger it is."""

    where: str | int
    what: Mapping[str, Any]
    domain: int = 0  # whose names a fault of the DNS meets

    def __str__(self) -> str:
        """Return it in a word or two: "mx1 connect=refuse"."""
        where = f"the exchanger of domain {self.where}" if isinstance(self.where, int) else self.where
        said = " ".join(f"{key}={value}" for key, value in self.what.items())
        return f"{where} {said}" + (f" for domain {self.domain}" if self.where == "dns" else "")


@dataclass(frozen=True, slots=True)
class Letter:
    """One message: to users at numbered domains."""

    via: str
    sender: str
    to: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Round:
    """What is wrong, and what is sent meanwhile."""

    wrong: tuple[Wrong, ...]
    letters: tuple[Letter, ...]


def campaign(messages: int, seed: int) -> tuple[Round, ...]:
    """Return rounds with so many messages in all, by *seed*."""
    chosen = random.Random(seed)  # noqa: S311  it is to be the same again
    return tuple(_round(chosen, min(ROUND, messages - begun)) for begun in range(0, messages, ROUND))


def _round(chosen: random.Random, size: int) -> Round:
    wrong: dict[tuple[str | int, int], Wrong] = {}
    for _ in range(chosen.randint(0, MOST)):
        each = _wrong(chosen)
        wrong.setdefault((each.where, each.domain), each)  # one at a place
    broken = {each.where for each in wrong.values()}
    if "mailstore" in broken:  # which knows the passwords of the smarthost's customers
        broken.add("smarthost")
    vias = [via for via in VIAS if via not in broken]  # a message that nobody takes says nothing
    # Healed in the other order: the smarthost's ports answer only where there is somebody to ask about passwords.
    ordered = sorted(wrong.values(), key=lambda each: each.where == "mailstore")
    return Round(tuple(ordered), tuple(_letter(chosen, vias) for _ in range(size)))


def _wrong(chosen: random.Random) -> Wrong:
    kind = chosen.choice(("exchanger", "policy", "sender", "store", "scripted", "scripted", "dns", "dns"))
    if kind == "exchanger":
        return Wrong(chosen.choice(("mx1", "mx2", "mx3")), chosen.choice(WHOLE))
    if kind == "policy":
        stage = chosen.choice(("rcpt", "data", "end-of-data"))
        return Wrong(chosen.choice(("mx1", "mx2", "mx3")), {stage: chosen.choice(REPLIES)})
    if kind == "sender":
        return Wrong(chosen.choice(VIAS[1:]), {"host": chosen.choice(("stopped", "killed", "cut"))})
    if kind == "store":
        return Wrong("mailstore", {"host": chosen.choice(("stopped", "killed", "paused"))})
    if kind == "scripted":
        return Wrong(chosen.choice(SCRIPTED), chosen.choice(AT_SCRIPTED))
    return Wrong("dns", chosen.choice(IN_DNS), chosen.randrange(len(SHAPES)))


def _letter(chosen: random.Random, vias: list[str]) -> Letter:
    users = chosen.sample(USERS, chosen.randint(1, 3))
    return Letter(
        chosen.choice(vias), chosen.choice(SENDERS), tuple((user, chosen.randrange(len(SHAPES))) for user in users)
    )
