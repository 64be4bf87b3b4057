"""Readiness: a host is ready when its own protocol answers at its published port, not when a port is open.

220 from an SMTP or LMTP server (RFC 5321 3.1, RFC 2033), "* OK" from IMAP (RFC 9051 7.1), an answered query from the
DNS, 200 from a control API.

In: doors and the ports at which they are published. Out: what is wrong at each that is not ready, in words.
Errors: LabError for a door whose protocol is not known here.
"""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from time import monotonic

from lab.errors import LabError
from lab.tls import wrap
from lab.world.doors import Door

Probe = Callable[[str, int, float], str | None]
PAUSE = 0.03  # seconds between two tries at a door; nothing tells from outside when a daemon begins to listen
LOOPBACK = "127.0.0.1"
ANSWER_TIMEOUT = 2.0  # seconds for an answer of a resolver


SMTP = b"220", b"QUIT\r\n"
IMAP = b"* OK", b"a LOGOUT\r\n"
"""How a server's greeting begins, and what to say to it then."""


def greeting(dialogue: tuple[bytes, bytes]) -> Probe:
    """Return a probe that wants a greeting, and says goodbye."""
    return lambda host, port, timeout: _greeted(lambda: socket.create_connection((host, port), timeout), dialogue)


def greeting_in_tls(dialogue: tuple[bytes, bytes]) -> Probe:
    """Return the same for a server that speaks TLS from the first byte on (RFC 8314 3.3)."""
    return lambda host, port, timeout: _greeted(lambda: wrap(socket.create_connection((host, port), timeout)), dialogue)


def _greeted(connect: Callable[[], socket.socket], dialogue: tuple[bytes, bytes]) -> str | None:
    expected, goodbye = dialogue
    try:
        with connect() as connection, connection.makefile("rb") as stream:
            line = stream.readline(512)
            if line.startswith(expected):
                with suppress(OSError):  # a polite end, for the host's log
                    connection.sendall(goodbye)
                    stream.readline(512)
                return None
    except OSError as error:
        return str(error)
    return f"greets with {line.decode('utf-8', 'replace').strip()!r}" if line else "no greeting yet"


def answered_query(host: str, port: int, timeout: float) -> str | None:
    """Ask for the SOA of lab.test over TCP; None when it is answered."""
    return _answered(lambda: socket.create_connection((host, port), timeout), timeout)


def _answered(connect: Callable[[], socket.socket], timeout: float) -> str | None:
    import dns.exception
    import dns.message
    import dns.query
    import dns.rcode

    query = dns.message.make_query("lab.test.", "SOA")
    try:
        with connect() as connection:
            connection.setblocking(False)  # as dns.query wants its sockets
            answer = dns.query.tcp(query, "", timeout, sock=connection)
    except (OSError, EOFError, dns.exception.DNSException) as error:
        return f"no answer to a query: {error or type(error).__name__}"
    return None if answer.answer else f"answers {dns.rcode.to_text(answer.rcode())}"


def healthy(host: str, port: int, timeout: float) -> str | None:
    """Ask a control API for /health; None when it answers 200."""
    connection = http.client.HTTPConnection(host, port, timeout=timeout)
    try:
        connection.request("GET", "/health")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return str(error).strip() or type(error).__name__
    finally:
        connection.close()
    return None if status == 200 else f"/health answers {status}"


PROBES: Mapping[int, Probe] = {
    24: greeting(SMTP),
    25: greeting(SMTP),
    53: answered_query,
    143: greeting(IMAP),
    465: greeting_in_tls(SMTP),
    587: greeting(SMTP),
    8025: healthy,
    8053: healthy,
}
"""Port of a host to the probe for what listens there."""


def greets(connect: Callable[[], socket.socket], dialogue: tuple[bytes, bytes], timeout: float) -> str | None:
    """Wait until a server that has no door greets, at most *timeout* seconds; returns what is wrong then."""
    return _until_none(lambda: _greeted(connect, dialogue), timeout)


def resolves(connect: Callable[[], socket.socket], timeout: float) -> str | None:
    """Wait until a resolver that has no door answers a query, as :func:`greets` does."""
    return _until_none(lambda: _answered(connect, ANSWER_TIMEOUT), timeout)


def _until_none(probe: Callable[[], str | None], timeout: float) -> str | None:
    deadline, pause = monotonic() + timeout, threading.Event()
    while (problem := probe()) is not None and monotonic() < deadline:
        pause.wait(PAUSE)
    return problem


def missing(ports: Mapping[Door, int], timeout: float = 2) -> dict[Door, str]:
    """Ask once at each of *ports* (published on the loopback address), all at the same time.

    Returns what is wrong at those that are not ready.
    """
    found: dict[Door, str] = {}

    def ask(door: Door, port: int, probe: Probe) -> None:
        problem = probe(LOOPBACK, port, timeout)
        if problem:
            found[door] = problem

    _together([threading.Thread(target=ask, args=(*each, _probe(each[0])), daemon=True) for each in ports.items()])
    return found


def wait(
    ports: Mapping[Door, int], ready: Callable[[Door], None], alive: Callable[[], None], timeout: float
) -> dict[Door, str]:
    """Wait until every door is ready, at most *timeout* seconds.

    *ready* is called for each as it gets ready; *alive* now and then, to raise when waiting has no point any
    more. Returns what is wrong at those that did not get ready in time.
    """
    problems: dict[Door, str] = dict.fromkeys(ports, "not asked yet")
    stop = threading.Event()
    changed = threading.Condition()

    def follow(door: Door, port: int, probe: Probe) -> None:
        while not stop.is_set():
            problem = probe(LOOPBACK, port, 2)
            with changed:
                if stop.is_set():  # too late: nobody listens any more
                    return
                if problem is None:
                    del problems[door]
                    ready(door)
                    changed.notify()
                    return
                problems[door] = problem
            stop.wait(PAUSE)

    threads = [threading.Thread(target=follow, args=(*each, _probe(each[0])), daemon=True) for each in ports.items()]
    for thread in threads:
        thread.start()
    try:
        _watch(problems, changed, alive, timeout)
    finally:
        stop.set()
    with changed:
        return dict(problems)


def _watch(
    problems: Mapping[Door, str], changed: threading.Condition, alive: Callable[[], None], timeout: float
) -> None:
    deadline = monotonic() + timeout
    while True:
        with changed:
            changed.wait_for(lambda: not problems, min(0.5, max(0, deadline - monotonic())))
            if not problems or monotonic() >= deadline:
                return
        alive()


def _probe(door: Door) -> Probe:
    if door.port not in PROBES:
        raise LabError(
            f"nothing is known about how {door} greets", hint="give its port a probe in lab/world/ready.py, PROBES"
        )
    return PROBES[door.port]


def _together(threads: Sequence[threading.Thread]) -> None:
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
