"""A TCP service in the event loop that can be stopped at once, whatever its connections do, and never has too many.

Where there are more than MOST, the client with the most loses its oldest: whoever opens hundreds ousts itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections import Counter
from collections.abc import Awaitable, Callable

MOST = 256  # connections
GOODBYE = 2.0  # seconds for a client to take the rest of what it was sent, and its end
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class StreamServer:
    """Runs *serve* for each connection to one bound socket, and closes the connection when it returns."""

    def __init__(self, bound: socket.socket, serve: Serve, most: int = MOST) -> None:
        """Nothing is accepted before :meth:`start`."""
        self._socket = bound
        self._serve = serve
        self._most = most
        self._tasks: set[asyncio.Task[None]] = set()
        self._open: dict[asyncio.StreamWriter, str] = {}  # the client of each connection, oldest first
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Begin to accept connections."""
        self._server = await asyncio.start_server(self._connected, sock=self._socket)

    async def stop(self) -> None:
        """Close everything."""
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        peer = writer.get_extra_info("peername")
        if peer is None:  # reset before it was accepted
            writer.close()
            return
        self._open[writer] = peer[0]
        self._make_room()
        with contextlib.suppress(asyncio.CancelledError, ConnectionError):
            await self._serve(reader, writer)
        self._open.pop(writer, None)
        writer.close()
        try:
            async with asyncio.timeout(GOODBYE):
                await writer.wait_closed()
        except TimeoutError:
            writer.transport.abort()
        except (asyncio.CancelledError, ConnectionError):
            pass

    def _make_room(self) -> None:
        while len(self._open) > self._most:
            ((greediest, _),) = Counter(self._open.values()).most_common(1)
            oldest = next(writer for writer, client in self._open.items() if client == greediest)
            del self._open[oldest]
            oldest.transport.abort()
