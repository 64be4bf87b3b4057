"""A question, and the answer to it on its way out: what the zones say, as faults change it, before it becomes bytes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from dnszone.record import Record
from dnszone.zones import Answer, Zones


@dataclass(frozen=True, slots=True)
class Question:
    """What a client asks. *name* is in the form that records have; *type* a mnemonic; *transport* "udp" or "tcp"."""

    name: str
    type: str
    client: str
    transport: str


@dataclass(frozen=True, slots=True)
class Response:
    """What goes back. ``rcode`` is a mnemonic.

    ``send``: "nothing" leaves the client waiting, "close" ends its TCP connection. ``delay`` is in seconds.
    ``question``: whether it repeats the question. ``spoil`` are changes of the finished message. ``fault`` names what
    has changed the answer, ``refused`` says why a question is refused.
    """

    rcode: str
    answers: tuple[Record, ...] = ()
    authority: tuple[Record, ...] = ()
    additional: tuple[Record, ...] = ()
    aa: bool = True
    ra: bool = True  # the lab's DNS stands in for a resolver as well
    ad: bool = False
    tc: bool = False
    send: Literal["answer", "nothing", "close"] = "answer"
    delay: float = 0.0
    question: bool = True
    spoil: tuple[Callable[[bytes], bytes], ...] = ()
    fault: str | None = None
    refused: str | None = None


OUTSIDE = "the name is outside the lab: there are only names below .test, and those of zones that were added"


def normal(answer: Answer) -> Response:
    """Return the response that is right."""
    return Response(
        answer.rcode,
        answer.answers,
        answer.authority,
        answer.additional,
        aa=answer.authoritative,
        refused=OUTSIDE if answer.rcode == "REFUSED" else None,
    )


@dataclass(frozen=True, slots=True)
class Exchange:
    """What a fault gets to see: the question, the response so far, and the zones."""

    question: Question
    response: Response
    zones: Zones
