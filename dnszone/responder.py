"""Answers packets: reads the query, asks the zones, lets the faults have their way, and notes what happened.

Nearly all questions come again and again, so a finished message is kept for as long as no zone and no fault changes.
Questions that a fault may meet are never kept.
"""

from __future__ import annotations

import json
import traceback
from dataclasses import dataclass

from dns.rcode import Rcode

from dnszone import wire
from dnszone.history import Entry, History
from dnszone.log import Log, now
from dnszone.response import Question, Response, normal
from dnszone.rules import Rules
from dnszone.zones import Zones

KEPT = 10_000  # finished messages
_Lasting = tuple[str, str, str, tuple[str, ...], str, str | None]  # the part of an Entry that stays the same


@dataclass(frozen=True, slots=True)
class Reply:
    """What to do: send *message* (None: nothing) after *delay* seconds, and then *close* the TCP connection."""

    message: bytes | None
    delay: float = 0.0
    close: bool = False


@dataclass(frozen=True, slots=True)
class _Finished:
    message: bytes
    entry: _Lasting
    line: str  # that part as JSON
    delay: float = 0.0
    sent: bool = True
    close: bool = False


class Responder:
    """What all transports ask. Any thread may."""

    def __init__(self, zones: Zones, rules: Rules, history: History, log: Log) -> None:
        """Whoever changes *zones* or *rules* calls :meth:`changed` afterwards."""
        self._zones = zones
        self._rules = rules
        self._history = history
        self._log = log
        self._finished: dict[tuple[bytes, str], _Finished] = {}

    def changed(self) -> None:
        """Forget what was made of zones and faults as they were."""
        self._finished = {}  # a thread that is at work still puts what it makes into the old one

    def reply(self, packet: bytes, client: str, port: int, transport: str) -> Reply:
        """Return what to do about a packet from a client; history and log have it then."""
        try:
            return self._reply(packet, client, port, transport)
        except wire.UnreadableError as error:
            return self._refused(packet, client, port, transport, str(error), error.rcode)
        except Exception as error:  # noqa: BLE001  whatever one packet does, the next one is answered
            problem = "".join(traceback.format_exception(error))
            return self._refused(packet, client, port, transport, problem, Rcode.SERVFAIL)

    def unsent(self, client: str, port: int, error: OSError) -> None:
        """Note that a reply could not be sent."""
        self._log.event("unsent", client=client, port=port, problem=str(error))

    def _reply(self, packet: bytes, client: str, port: int, transport: str) -> Reply:
        kept, key = self._finished, (packet[2:], transport)
        found = kept.get(key)
        if found is None:
            query = wire.parse(packet)
            found, lasting = self._finish(query, Question(query.name, query.type, client, transport))
            message = found.message
            if lasting and len(kept) < KEPT:
                kept[key] = found
        else:
            message = packet[:2] + found.message[2:]
        id = int.from_bytes(packet[:2])
        entry = self._history.add(lambda seq: Entry(now(), seq, client, port, transport, id, *found.entry))
        self._log.write(
            f'{{"event": "query", "at": "{entry.at}", "seq": {entry.seq}, "client": "{client}", "port": {port}, '
            f'"transport": "{transport}", "id": {id}, {found.line}'
        )
        return Reply(message if found.sent else None, found.delay, found.close)

    def _finish(self, query: wire.Query, question: Question) -> tuple[_Finished, bool]:
        """Return the finished message, and whether the next client may have it too."""
        rules = self._rules.fitting(question)
        response = self._right(query)
        if rules:
            response = self._rules.apply(rules, question, response, self._zones)
        if response.send != "answer":
            entry: _Lasting = (query.name, query.type, "DROP", (), "", response.fault)
            closes = response.send == "close"
            return _Finished(b"", entry, _tail(entry, None), response.delay, sent=False, close=closes), False
        limit = query.udp if question.transport == "udp" else wire.LARGEST
        message, cut = wire.render(query, response, limit)
        sent = () if cut else tuple(record.data for record in response.answers)
        entry = (query.name, query.type, response.rcode, sent, wire.flags(message), response.fault)
        tail = _tail(entry, response.refused if response.rcode == "REFUSED" else None)
        return _Finished(message, entry, tail, response.delay), not self._rules.may_meet(question)

    def _right(self, query: wire.Query) -> Response:
        if query.edns_version:
            return Response("BADVERS", aa=False)  # RFC 6891 6.1.3
        if not query.is_internet:
            return Response("REFUSED", aa=False, refused="the lab has names of class IN only")
        if query.type in ("AXFR", "IXFR"):
            return Response("REFUSED", aa=False, refused="zones are not transferred: `lab dns show` prints one")
        return normal(self._zones.resolve(query.name, query.type))

    def _refused(
        self, packet: bytes, client: str, port: int, transport: str, problem: str, rcode: Rcode | None
    ) -> Reply:
        answered = "DROP" if rcode is None else rcode.name
        self._log.event("unreadable", client=client, port=port, transport=transport, problem=problem, rcode=answered)
        return Reply(None if rcode is None else wire.refusal(packet, rcode))


def _tail(entry: _Lasting, refused: str | None) -> str:
    name, type, rcode, answers, flags, fault = entry
    values = {"name": name, "type": type, "rcode": rcode, "answers": answers, "flags": flags, "fault": fault}
    return json.dumps(values | ({"why": refused} if refused else {}))[1:]
