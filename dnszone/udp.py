"""DNS over UDP: a thread for each socket, which waits for nothing but packets."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from functools import partial

from dnszone.responder import Responder

LARGEST = 4096  # bytes of a query; one that is longer is cut and so unreadable
STOP_TIMEOUT = 1.0  # seconds; where the thread is not woken up, it ends with the process

Later = Callable[[float, Callable[[], None]], None]


class UdpServer:
    """Serves one bound socket from the beginning until :meth:`stop`."""

    def __init__(self, responder: Responder, bound: socket.socket, later: Later) -> None:
        """*later* calls a function after some seconds, for replies that a fault delays."""
        self._responder = responder
        self._socket = bound
        self._later = later
        self._stopping = False
        self._thread = threading.Thread(target=self._serve, name="dns-udp", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop, and close the socket. Replies that are still due are not sent."""
        self._stopping = True
        with contextlib.suppress(OSError):  # Linux says "not connected", and wakes the thread up all the same
            self._socket.shutdown(socket.SHUT_RD)
        self._thread.join(STOP_TIMEOUT)
        self._socket.close()

    def _serve(self) -> None:
        receive, reply_to, send = self._socket.recvfrom, self._responder.reply, self._send
        while True:
            try:
                packet, peer = receive(LARGEST)
            except ConnectionError:  # ICMP tells that an earlier reply found nobody
                continue
            if self._stopping:
                return
            reply = reply_to(packet, peer[0], peer[1], "udp")
            if reply.message is None:
                continue
            if reply.delay:
                self._later(reply.delay, partial(send, reply.message, peer))
            else:
                send(reply.message, peer)

    def _send(self, message: bytes, peer: tuple[str, int]) -> None:
        if self._stopping:
            return
        try:
            self._socket.sendto(message, peer)
        except OSError as error:
            self._responder.unsent(peer[0], peer[1], error)
