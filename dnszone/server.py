"""The whole server: DNS over UDP and TCP, the HTTP API, and the table for Postfix, over the same zones."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from aiohttp import web

from dnszone import socketmap
from dnszone.api import Api
from dnszone.control import LOGGER
from dnszone.history import History
from dnszone.log import Log
from dnszone.responder import Responder
from dnszone.rules import Rules
from dnszone.streams import StreamServer
from dnszone.tcp import IDLE, Dialogue
from dnszone.udp import UdpServer
from dnszone.zone import Zone
from dnszone.zones import Zones

TRIES = 20  # for a port that is free for UDP and for TCP
BACKLOG = 128


@dataclass(frozen=True, slots=True)
class Ports:
    """The ports to serve; 0 takes any that is free."""

    dns: int = 53
    http: int = 8053
    socketmap: int = 4380


@contextlib.asynccontextmanager
async def serve(
    zones: Iterable[Zone],
    hosts: Sequence[str],
    ports: Ports,
    log: Log,
    token: str,
    idle: float = IDLE,
) -> AsyncIterator[Ports]:
    """Serve while the context lasts; gives the ports. Raises OSError, with the address, where one is taken.

    *hosts* are addresses to listen at, *token* opens the HTTP API (dnszone.control). *idle* seconds end a silent TCP
    connection.
    """
    known, rules, history = Zones(zones), Rules(), History()
    responder = Responder(known, rules, history, log)
    api = Api(known, rules, history, responder, log)
    loop = asyncio.get_running_loop()

    def later(seconds: float, call: Callable[[], None]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended, and with it the server
            loop.call_soon_threadsafe(loop.call_later, seconds, call)

    async with contextlib.AsyncExitStack() as stack:
        for host in hosts:
            tcp, udp = _pair(host, ports.dns)
            ports = Ports(tcp.getsockname()[1], ports.http, ports.socketmap)
            stack.callback(UdpServer(responder, udp, later).stop)
            await _stream(stack, tcp, Dialogue(responder, idle).serve)
        runner = web.AppRunner(api.application(token), access_log=None, logger=LOGGER, shutdown_timeout=1.0)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        table = _bound(hosts[0], ports.socketmap, socket.SOCK_STREAM)
        await _stream(stack, table, partial(socketmap.serve, known))
        web_socket = _bound(hosts[0], ports.http, socket.SOCK_STREAM)
        await web.SockSite(runner, web_socket).start()
        ports = Ports(ports.dns, web_socket.getsockname()[1], table.getsockname()[1])
        log.event("ready", hosts=list(hosts), dns=ports.dns, http=ports.http, socketmap=ports.socketmap)
        yield ports


async def _stream(stack: contextlib.AsyncExitStack, bound: socket.socket, serve: Callable[..., object]) -> None:
    server = StreamServer(bound, serve)  # type: ignore[arg-type]
    await server.start()
    stack.push_async_callback(server.stop)


def _pair(host: str, port: int) -> tuple[socket.socket, socket.socket]:
    """Return sockets for TCP and UDP that have one port."""
    for _ in range(TRIES):
        tcp = _bound(host, port, socket.SOCK_STREAM)
        try:
            return tcp, _bound(host, tcp.getsockname()[1], socket.SOCK_DGRAM)
        except OSError as error:
            tcp.close()
            if port or error.errno != errno.EADDRINUSE:
                raise
    raise OSError(errno.EADDRINUSE, f"no port of {host} is free for both UDP and TCP")


def _bound(host: str, port: int, kind: socket.SocketKind) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, kind)
    try:
        if kind == socket.SOCK_STREAM:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        bound.bind((host, port))
        if kind == socket.SOCK_STREAM:
            bound.listen(BACKLOG)
    except OSError as error:
        bound.close()
        transport = "UDP" if kind == socket.SOCK_DGRAM else "TCP"
        raise OSError(error.errno, f"cannot serve {transport} port {port} of {host}: {error.strerror}") from error
    return bound
