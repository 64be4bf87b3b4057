"""Whatever a client says, its session ends, the host says so in its log, and goes on for everybody else.

LAB_SOAK_SESSIONS sets how many sessions are held, LAB_SOAK_SEED which.
"""

from __future__ import annotations

import asyncio
import io
import logging
import os
import tracemalloc
from ipaddress import IPv4Network
from itertools import cycle, islice
from typing import Any

import pytest
from scripted import store
from scripted.log import Log
from scripted.places import Places

from .host import ADDRESS, Client, Host, wait_for
from .mutated import mutations

SESSIONS = int(os.environ.get("LAB_SOAK_SESSIONS", "60"))
SEED = int(os.environ.get("LAB_SOAK_SEED", "8"))
PATIENCE = 30.0  # seconds for a session; only one that is stuck takes so long
TOGETHER = 12  # so that each of the scripts is met, and no more: counting memory takes most of the time
GOOD: dict[str, Any] = {}
SCRIPTS: tuple[dict[str, Any], ...] = (
    GOOD,
    {"extensions": {"add": ["AUTH PLAIN LOGIN"], "size": 0}},
    {"body": {"after_bytes": 10, "reply": "552 5.3.4 big"}, "rcpt": {"garbage": "x\r\n", "reply": "250 2.1.5 Ok"}},
    {"mail": {"hang": True, "first": 3}, "data": {"dribble": 0.0001}, "end-of-data": {"vanish": True, "first": 5}},
    {"ehlo": {"reply": "250 " + "x" * 5000}, "starttls": {"garbage": "no TLS", "close": "after"}},
)


async def hold(port: int, pieces: list[bytes]) -> None:
    """Say all of it, whatever is answered, and read until the host ends the session."""
    reader, writer = await asyncio.open_connection(ADDRESS, port)
    try:
        async with asyncio.timeout(PATIENCE):
            reading = asyncio.create_task(_read(reader))
            try:
                for piece in pieces:
                    writer.write(piece)
                    await writer.drain()
                writer.write_eof()
                await reading
            except OSError:  # a reset, or no connection any more at the end of file (ENOTCONN)
                reading.cancel()  # the host has ended it already
    finally:
        writer.close()


async def _read(reader: asyncio.StreamReader) -> None:
    while await reader.read(65536):
        pass


@pytest.mark.timeout(120 + SESSIONS // 5)
def test_mutated_sessions_end_and_disturb_nobody(host: Host, caplog: pytest.LogCaptureFixture) -> None:
    async def together(port: int, sessions: list[list[bytes]]) -> None:
        await asyncio.gather(*(hold(port, pieces) for pieces in sessions))

    scripts = cycle(SCRIPTS)
    opened: list[int] = []
    closed: list[int] = []
    tracemalloc.start()
    try:
        with caplog.at_level(logging.WARNING):
            left = mutations(SEED, SESSIONS)
            while sessions := list(islice(left, TOGETHER)):
                host.api.script(ADDRESS, next(scripts))
                asyncio.run(together(host.ports.smtp, sessions))
                wait_for(lambda: host.control.call("GET", "/health")["sessions"] == 0 or None)
                lines = host.lines(forget=True)  # each is JSON
                opened += [line["session"] for line in lines if line["event"] == "connect"]
                closed += [line["session"] for line in lines if line["event"] == "close"]
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert [record.getMessage() for record in caplog.records] == []
    assert len(opened) == SESSIONS
    assert sorted(closed) == sorted(opened)
    assert most < store.BYTES + store.TEXTS + 64 * 1024 * 1024
    host.api.script(ADDRESS, GOOD)
    with Client(host.ports.smtp) as client:
        client.envelope().send("hello\r\n.\r\n")
        assert client.reply().startswith("250 2.0.0 Ok: queued as ")


def test_mutations_are_the_same_for_the_same_seed() -> None:
    assert list(mutations(1, 50)) == list(mutations(1, 50))
    assert list(mutations(1, 50)) != list(mutations(2, 50))


def test_what_clients_say_is_kept_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "TEXTS", 10_000)
    kept = store.Store(Log(io.StringIO()), Places(IPv4Network(f"{ADDRESS}/32")))
    for _ in range(30):
        transcript = kept.open(ADDRESS, ADDRESS, 1)
        for _ in range(3):
            kept.step(transcript, "command", text="x" * 1000)
    sessions = kept.sessions()
    assert [each.session for each in sessions] == [28, 29, 30]
    assert sum(len(step.text or "") for each in sessions for step in each.steps) == 9_000


def test_the_size_of_a_parameter_is_a_number_whatever_the_script_offers(client: Client) -> None:
    client.start()
    assert client.say("MAIL FROM:<> SIZE=DSN") == "501 5.5.4 Bad value of SIZE: DSN"
