"""DNS over TCP (RFC 7766): any number of queries on a connection, answered as they are ready, in whatever order.

A client that asks and does not read is not read from either, until it is closed: what it has asked waits in the kernel.
"""

from __future__ import annotations

import asyncio
import contextlib

from dnszone.responder import Responder

IDLE = 30.0  # seconds without a whole query, or in which no reply is taken; then it is closed (RFC 7766 6.2.3)
LENGTH = 2  # bytes before each message that tell its length (RFC 1035 4.2.2)
WAITING = 64  # replies of a connection that faults hold back; with so many nothing more is read


class Dialogue:
    """Serves the connections of a :class:`dnszone.streams.StreamServer`."""

    def __init__(self, responder: Responder, idle: float = IDLE) -> None:
        """*idle* seconds end a connection that says nothing, or takes nothing."""
        self._responder = responder
        self._idle = idle

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer until the client is done, or a fault ends it."""
        waiting: set[asyncio.Task[None]] = set()
        try:
            if await self._read(reader, writer, waiting) and waiting:
                await asyncio.wait(waiting)
        except TimeoutError:  # nobody takes the replies
            writer.transport.abort()
        finally:
            for each in waiting:
                each.cancel()

    async def _read(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, waiting: set[asyncio.Task[None]]
    ) -> bool:
        """Send each reply, or let it wait. Returns whether those that wait may still be sent."""
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
            if reply.message is not None and reply.delay:
                task = asyncio.create_task(self._later(writer, reply.message, reply.delay))
                waiting.add(task)
                task.add_done_callback(waiting.discard)
                if len(waiting) >= WAITING:
                    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            elif reply.message is not None:
                await self._send(writer, reply.message)
            await asyncio.sleep(0)  # one that asks without pause does not keep the others waiting

    async def _later(self, writer: asyncio.StreamWriter, message: bytes, delay: float) -> None:
        await asyncio.sleep(delay)
        with contextlib.suppress(TimeoutError):  # the reader notices
            await self._send(writer, message)

    async def _send(self, writer: asyncio.StreamWriter, message: bytes) -> None:
        """Hand a reply to the kernel. Raises TimeoutError where the client does not take what is before it."""
        with contextlib.suppress(ConnectionError):
            writer.write(len(message).to_bytes(LENGTH) + message)
            async with asyncio.timeout(self._idle):
                await writer.drain()
