"""Input that nobody should send, in an order that a seed decides: one module for each protocol of the lab's servers.

Each has ``mutations(seed, count)``, which yields what a client sends: right at first, then wrong in one to four ways.
The same seed gives the same, and each can be had again by its number alone. Tests run some hundreds; LAB_SOAK_MUTATIONS
sets how many, LAB_SOAK_SEED which.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from random import Random

HOST = "127.0.0.1"
PATIENCE = 10.0  # seconds; only a server that is stuck takes so long
COUNT = int(os.environ.get("LAB_SOAK_MUTATIONS", "300"))
SEED = int(os.environ.get("LAB_SOAK_SEED", "8"))
TELLING = (0, 1, 9, 10, 13, 34, 39, 63, 64, 92, 127, 128, 192, 194, 226, 237, 240, 255)  # bytes that mean something


def randoms(seed: int, count: int) -> Iterator[Random]:
    """Yield a source of chance for each of *count* mutations."""
    for number in range(count):
        yield Random(f"{seed} {number}")  # noqa: S311  it must be the same again


def spoiled(random: Random, data: bytes) -> bytes:
    """Return *data* with one to four things wrong in it."""
    spoilt = bytearray(data)
    for _ in range(random.randint(1, 4)):
        random.choice(WAYS)(random, spoilt)
    return bytes(spoilt)


def converse(port: int, data: bytes) -> bytes:
    """Say *data* to a server at 127.0.0.1, close this side, and return what comes until it closes the other."""
    answer = b""
    with socket.create_connection((HOST, port), PATIENCE) as client, suppress(ConnectionError):
        client.sendall(data)
        client.shutdown(socket.SHUT_WR)
        while piece := client.recv(65536):
            answer += piece
    return answer


def _place(random: Random, data: bytearray) -> slice:
    begin = random.randint(0, len(data))
    return slice(begin, min(len(data), begin + random.choice((1, 1, 2, 4, 16, 300))))


def _change(random: Random, data: bytearray) -> None:
    for _ in range(min(len(data), random.choice((1, 1, 2, 8)))):
        data[random.randrange(len(data))] = random.choice((random.randrange(256), random.choice(TELLING)))


def _insert(random: Random, data: bytearray) -> None:
    length = random.choice((1, 1, 2, 16, 255, 5000))
    at = random.randint(0, len(data))
    data[at:at] = random.choice((random.randbytes(length), bytes(length), bytes([random.choice(TELLING)]) * length))


def _delete(random: Random, data: bytearray) -> None:
    del data[_place(random, data)]


def _repeat(random: Random, data: bytearray) -> None:
    place = _place(random, data)
    data[place.start : place.start] = data[place] * random.choice((1, 2, 30))


def _move(random: Random, data: bytearray) -> None:
    place = _place(random, data)
    moved = data[place]
    del data[place]
    at = random.randint(0, len(data))
    data[at:at] = moved


def _cut(random: Random, data: bytearray) -> None:
    del data[random.randint(0, len(data)) :]


WAYS: tuple[Callable[[Random, bytearray], None], ...] = (_change, _change, _insert, _delete, _repeat, _move, _cut)
