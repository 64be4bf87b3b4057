"""What came in: sessions with their dialogue, and messages. Bounded: the oldest go first."""

from __future__ import annotations

from base64 import b64encode
from collections import deque
from dataclasses import asdict, dataclass, field
from email import message_from_bytes
from email.parser import BytesHeaderParser
from itertools import count
from typing import Any

from scripted.log import Log, now
from scripted.places import Places

SESSIONS = 10_000
STEPS = 200_000  # of all sessions together
STEPS_EACH = 5_000  # of one session; later ones are in the log only
TEXTS = 32 * 1024 * 1024  # characters of all steps together
LOGGED = 4_000  # characters of one text in the log, which Docker cuts into lines of 16 KiB; the session has all of it
HEADER = 256 * 1024  # bytes of a message in which a Message-ID, or what a notice says, is looked for
BYTES = 128 * 1024 * 1024  # of all messages together


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a dialogue."""

    event: str  # connect, command, reply, close
    at: str
    stage: str | None
    text: str | None
    fault: str | None  # stage of the rule that fired


@dataclass(slots=True)
class Transcript:
    """One session: who, and what was said. ``ended`` is None while it goes on."""

    session: int
    server: str  # the address that the client connected to
    client: str
    client_port: int
    steps: list[Step] = field(default_factory=list)
    tls: str | None = None
    ended: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it came, and its envelope."""

    queue_id: str
    server: str
    sender: str
    recipients: tuple[str, ...]
    message_id: str | None  # with its angle brackets
    raw: bytes

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "queue_id": self.queue_id,
            "sender": self.sender,
            "recipients": list(self.recipients),
            "message_id": self.message_id,
            "size": len(self.raw),
            "raw": b64encode(self.raw).decode(),
        }


class Store:
    """All sessions and messages of the host; each step goes to the log as well."""

    def __init__(self, log: Log, places: Places) -> None:
        """Start empty."""
        self._log = log
        self._places = places
        self._sessions: dict[int, Transcript] = {}  # by number, oldest first
        self._messages: deque[Message] = deque()
        self._steps = 0
        self._texts = 0
        self._bytes = 0
        self._session_numbers = count(1)
        self._queue_numbers = count(1)

    def open(self, server: str, client: str, client_port: int) -> Transcript:
        """Note that a client connected."""
        transcript = Transcript(next(self._session_numbers), server, client, client_port)
        self._sessions[transcript.session] = transcript
        self.step(transcript, "connect")
        return transcript

    def step(
        self,
        transcript: Transcript,
        event: str,
        *,
        stage: str | None = None,
        text: str | None = None,
        fault: str | None = None,
    ) -> None:
        """Note one step of a dialogue."""
        step = Step(event, now(), stage, text, fault)
        self._write(transcript, event, step.at, text=text and _short(text), stage=stage, fault=fault)
        if transcript.session not in self._sessions or len(transcript.steps) >= STEPS_EACH:
            return
        transcript.steps.append(step)
        self._steps += 1
        self._texts += len(text or "")
        while len(self._sessions) > SESSIONS or self._steps > STEPS or self._texts > TEXTS:
            oldest = self._sessions.pop(next(iter(self._sessions)))
            self._steps -= len(oldest.steps)
            self._texts -= _texts(oldest)
            oldest.steps.clear()  # its session may still be going on

    def next_queue_id(self) -> str:
        """Return a queue id that was never used."""
        return f"S{next(self._queue_numbers):06}"

    def accept(self, transcript: Transcript, queue_id: str, sender: str, recipients: list[str], raw: bytes) -> None:
        """Keep a message, as received."""
        message = Message(queue_id, transcript.server, sender, tuple(recipients), _message_id(raw), raw)
        self._messages.append(message)
        self._bytes += len(raw)
        while self._bytes > BYTES:
            self._bytes -= len(self._messages.popleft().raw)
        self._write(
            transcript,
            "message",
            now(),
            queue_id=queue_id,
            sender=sender,
            recipients=recipients,
            message_id=message.message_id,
            size=len(raw),
            delivery_status=_delivery_status(raw),
        )

    def sessions(self, address: str | None = None) -> list[Transcript]:
        """Return the sessions at a place, given by one of its addresses, or all, oldest first."""
        return [each for each in self._sessions.values() if address is None or self._at(each.server, address)]

    def messages(self, address: str | None = None) -> list[Message]:
        """Return the messages that came to a place, given by one of its addresses, or all, oldest first."""
        return [each for each in self._messages if address is None or self._at(each.server, address)]

    def forget(self, address: str) -> None:
        """Drop what came to a place."""
        self._sessions = {key: each for key, each in self._sessions.items() if not self._at(each.server, address)}
        self._messages = deque(each for each in self._messages if not self._at(each.server, address))
        self._steps = sum(len(each.steps) for each in self._sessions.values())
        self._texts = sum(map(_texts, self._sessions.values()))
        self._bytes = sum(len(each.raw) for each in self._messages)

    def _at(self, server: str, address: str) -> bool:
        return self._places.name(server) == self._places.name(address)

    def _write(self, transcript: Transcript, event: str, at: str, **values: object) -> None:
        self._log.write(
            event,
            at,
            session=transcript.session,
            server=transcript.server,
            client=transcript.client,
            client_port=transcript.client_port,
            **values,
        )


def _texts(transcript: Transcript) -> int:
    return sum(len(step.text or "") for step in transcript.steps)


def _short(text: str) -> str:
    return text if len(text) <= LOGGED else f"{text[:LOGGED]}... ({len(text)} characters)"


def _delivery_status(raw: bytes) -> str | None:
    """Return what a delivery status notification says for programs (RFC 3464 2), as far as the log has room."""
    if BytesHeaderParser().parsebytes(raw[:HEADER]).get_content_type() != "multipart/report":
        return None
    for part in message_from_bytes(raw[:HEADER]).walk():
        if part.get_content_type() == "message/delivery-status":
            blocks = [block for block in part.walk() if block is not part]
            fields = ("\n".join(f"{name}: {value}" for name, value in block.raw_items()) for block in blocks)
            return "\n\n".join(fields)[:LOGGED]
    return None


def _message_id(raw: bytes) -> str | None:
    value = BytesHeaderParser().parsebytes(raw[:HEADER].partition(b"\r\n\r\n")[0])["Message-ID"]
    return None if value is None else str(value).strip()
