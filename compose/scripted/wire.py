"""The bytes of one connection: lines and message bodies in, replies out, TLS, and every way to end it.

Everything raises GoneError when the client has closed or reset the connection (its text says which), and what
waits for the client's words IdleError.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

LINE = 2048  # bytes; RFC 5321 4.5.3.1.4 wants 512, extensions add to that
AHEAD = 1024 * 1024  # bytes that are read ahead while the server waits
CHUNK = 65536
IDLE = 300.0  # seconds for the next bytes; RFC 5321 4.5.3.2.7
END = b"\r\n.\r\n"  # RFC 5321 4.1.1.4: nothing else ends a message, no bare LF


class GoneError(Exception):
    """The client is gone."""


class IdleError(Exception):
    """The client says nothing, for too long."""


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """What is done once while a body comes: ``act``, as soon as ``after`` bytes of it have come."""

    after: int
    act: Callable[[], Awaitable[None]]


class Wire:
    """One connection of a client."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take over the two ends of a connection."""
        self._reader = reader
        self._writer = writer
        self._buffer = bytearray()

    @property
    def tls(self) -> str | None:
        """The TLS version in use, None without TLS."""
        tls = self._writer.get_extra_info("ssl_object")
        return None if tls is None else tls.version()

    async def line(self) -> str | None:
        """Return the next line without its end, None for one that is too long; it is skipped.

        A bare LF ends a line as well, for people who type.
        """
        long = False
        while (end := self._buffer.find(b"\n")) < 0:
            if len(self._buffer) > LINE:
                long = True
                self._buffer.clear()
            await self._next()
        text = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        if long or len(text) > LINE:
            return None
        return text.removesuffix(b"\r").decode("utf-8", "backslashreplace")

    async def data(self, most: int, meanwhile: Meanwhile | None) -> bytes | None:
        """Return a message after DATA, dots unstuffed (RFC 5321 4.5.2); None where it is larger than *most* bytes."""
        data = bytearray(b"\r\n")  # the end of the DATA line may begin the final CRLF.CRLF
        gone = 0  # bytes that were too many
        while True:
            seen = len(data)
            data += self._buffer
            self._buffer.clear()
            end = data.find(END, max(0, seen - len(END) + 1))
            size = gone + (end if end >= 0 else len(data) - 2)
            if meanwhile is not None and size >= meanwhile.after:
                await meanwhile.act()
                meanwhile = None
            if end >= 0:
                break
            if len(data) > most + len(END):
                gone += len(data) - len(END) + 1
                del data[: -len(END) + 1]
            await self._next()
        self._buffer += data[end + len(END) :]
        message = bytes(data[: end + 2]).replace(b"\r\n.", b"\r\n")[2:]
        return None if gone or len(message) > most else message

    async def chunk(self, size: int, most: int, meanwhile: Meanwhile | None) -> bytes | None:
        """Return the *size* bytes after a BDAT command (RFC 3030 2); None where they are more than *most*."""
        data = bytearray()
        come = 0
        while True:
            piece = self._buffer[: size - come]
            del self._buffer[: len(piece)]
            come += len(piece)
            if size <= most:
                data += piece
            if meanwhile is not None and come >= meanwhile.after:
                await meanwhile.act()
                meanwhile = None
            if come == size:
                return bytes(data) if size <= most else None
            await self._next()

    async def send(self, data: bytes, dribble: float = 0.0) -> None:
        """Send *data*, with *dribble* seconds between two bytes."""
        pieces = [data[index : index + 1] for index in range(len(data))] if dribble else [data]
        for index, piece in enumerate(pieces):
            if index:
                await self.pause(dribble)
            try:
                async with asyncio.timeout(IDLE):
                    self._writer.write(piece)
                    await self._writer.drain()
            except TimeoutError as error:
                raise GoneError("takes no more replies") from error
            except (ConnectionError, ssl.SSLError) as error:
                raise GoneError("reset by client") from error

    async def pause(self, seconds: float) -> None:
        """Wait, and read ahead: a client that leaves is noticed, and the pause ends."""
        try:
            async with asyncio.timeout(seconds):
                while len(self._buffer) < AHEAD:
                    await self._fill()
                await asyncio.sleep(seconds)
        except TimeoutError:
            return

    async def hang(self) -> None:
        """Wait until the client leaves, which raises GoneError; what it says meanwhile is lost."""
        while True:
            self._buffer.clear()
            await self._fill()

    async def secure(self, context: ssl.SSLContext) -> bool:
        """Start TLS as the server; return whether the handshake succeeded.

        What came before it is forgotten (RFC 3207 4.2): nobody knows who said it.
        """
        self._buffer.clear()
        try:
            await self._writer.start_tls(context)
        except (OSError, ssl.SSLError):  # no TLS, or the client left; asyncio has closed the connection
            return False
        return True

    async def close(self) -> None:
        """End the connection with FIN, as a server that says nothing more."""
        self._writer.close()
        try:
            async with asyncio.timeout(1):  # a client that takes no more bytes gets RST
                await self._writer.wait_closed()
        except (OSError, TimeoutError):
            self._writer.transport.abort()

    def reset(self) -> None:
        """End the connection with RST, now."""
        raw = self._writer.get_extra_info("socket")
        if raw is not None and raw.fileno() >= 0:
            # A lingering time of zero makes the kernel send RST where it would send FIN (socket(7)).
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()

    async def _next(self) -> None:
        try:
            async with asyncio.timeout(IDLE):
                await self._fill()
        except TimeoutError as error:
            raise IdleError from error

    async def _fill(self) -> None:
        try:
            data = await self._reader.read(CHUNK)
        except (ConnectionError, ssl.SSLError) as error:
            raise GoneError("reset by client") from error
        if not data:
            raise GoneError("closed by client")
        self._buffer += data
