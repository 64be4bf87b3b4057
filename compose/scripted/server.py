"""The SMTP server: accepts connections at every address of the host, and runs a session on each."""

from __future__ import annotations

import asyncio
import ssl
from collections import Counter
from collections.abc import Callable, Sequence

from scripted.dialogue import Dialogue, OverError
from scripted.places import Places
from scripted.reply import Reply
from scripted.script import Playbook
from scripted.session import Session
from scripted.store import Store, Transcript
from scripted.wire import GoneError, Wire

BACKLOG = 512  # connections that the kernel holds for the server


class Server:
    """The sessions of all addresses."""

    def __init__(
        self,
        playbook: Callable[[str], Playbook],
        store: Store,
        places: Places,
        *,
        hostname: str,
        tls: ssl.SSLContext,
    ) -> None:
        """*playbook* gives the script of a place."""
        self._playbook = playbook
        self._places = places
        self._store = store
        self._hostname = hostname
        self._tls = tls
        self._wires: dict[Wire, str] = {}  # open connections, and the place each came to
        self._open: Counter[str] = Counter()

    async def start(self, hosts: Sequence[str], port: int) -> asyncio.Server:
        """Listen. "0.0.0.0" is every IPv4 address, those of local routes included; "::" is every IPv6 one."""
        return await asyncio.start_server(self._connected, hosts, port, backlog=BACKLOG)

    @property
    def sessions(self) -> int:
        """How many sessions are open."""
        return len(self._wires)

    def abort(self, place: str) -> None:
        """Reset all sessions at a place."""
        for wire in [wire for wire, where in self._wires.items() if where == place]:
            wire.reset()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client = writer.get_extra_info("peername")
        if client is None:  # reset before it was accepted
            writer.close()
            return
        server = writer.get_extra_info("sockname")[0]
        place = self._places.name(server)
        wire = Wire(reader, writer)
        transcript = self._store.open(server, client[0], client[1])
        self._wires[wire] = place
        self._open[place] += 1
        try:
            await self._serve(wire, transcript, place)
        except OverError as over:
            self._closed(transcript, str(over), stage=over.stage, fault=over.fault)
            if over.reset:
                wire.reset()
        except GoneError as gone:
            self._closed(transcript, str(gone))
        finally:
            del self._wires[wire]
            self._open[place] -= 1
            await wire.close()

    def _closed(self, transcript: Transcript, ended: str, stage: str | None = None, fault: str | None = None) -> None:
        transcript.ended = ended
        self._store.step(transcript, "close", stage=stage, text=ended, fault=fault)

    async def _serve(self, wire: Wire, transcript: Transcript, place: str) -> None:
        dialogue = Dialogue(wire, lambda: self._playbook(place), self._store, transcript)
        connect = self._playbook(place).connect()
        if connect.close_after_accept:
            raise OverError("closed by script", stage="connect", fault="connect")
        if connect.limit is not None and self._open[place] > connect.limit:
            text = f"421 4.7.0 {self._hostname} Error: too many connections from {transcript.client}"
            await dialogue.refuse(Reply.of(text))
        if connect.delay:
            await wire.pause(connect.delay)
        await Session(dialogue, hostname=self._hostname, tls=self._tls).run()
