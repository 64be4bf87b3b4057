"""DNS over TCP (RFC 7766): any number of queries on a connection, answered as they are ready, in whatever order."""

from __future__ import annotations

import asyncio
import contextlib

from dnszone.responder import Responder

IDLE = 30.0  # seconds without a whole query, then the connection is closed (RFC 7766 6.2.3)
LENGTH = 2  # bytes before each message that tell its length (RFC 1035 4.2.2)


class Dialogue:
    """Serves the connections of a :class:`dnszone.streams.StreamServer`."""

    def __init__(self, responder: Responder, idle: float = IDLE) -> None:
        """*idle* seconds end a connection that says nothing."""
        self._responder = responder
        self._idle = idle

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer until the client is done, or a fault ends it."""
        answering: set[asyncio.Task[None]] = set()
        try:
            if await self._read(reader, writer, answering) and answering:
                await asyncio.wait(answering)
        finally:
            for each in answering:
                each.cancel()

    async def _read(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answering: set[asyncio.Task[None]]
    ) -> bool:
        """Start a task for each reply. Returns whether those that are due may still be sent."""
        client, port = writer.get_extra_info("peername")[:2]
        while True:
            try:
                async with asyncio.timeout(self._idle):
                    length = int.from_bytes(await reader.readexactly(LENGTH))
                    packet = await reader.readexactly(length)
            except (TimeoutError, asyncio.IncompleteReadError, ConnectionError):
                return True
            reply = self._responder.reply(packet, client, port, "tcp")
            if reply.close:
                return False
            if reply.message is not None:
                task = asyncio.create_task(_send(writer, reply.message, reply.delay))
                answering.add(task)
                task.add_done_callback(answering.discard)


async def _send(writer: asyncio.StreamWriter, message: bytes, delay: float) -> None:
    await asyncio.sleep(delay)
    with contextlib.suppress(ConnectionError):
        writer.write(len(message).to_bytes(LENGTH) + message)
        await writer.drain()
