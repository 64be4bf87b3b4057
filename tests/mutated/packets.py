"""Mutated DNS queries (RFC 1035 4.1, RFC 6891), for UDP; over TCP the length comes before each."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from random import Random

from . import randoms, spoiled

LABELS = (b"dest", b"test", b"mx1", b"a", b"", b"\xff\x00", b"x" * 63, b"*", b"a.b", b"in-addr", b"arpa", b"\\", b"com")
TYPES = (1, 2, 5, 6, 15, 16, 28, 33, 39, 41, 43, 250, 252, 255, 0, 65280, 65535)
CLASSES = (1, 1, 1, 3, 254, 255, 0)
EDGES = (0, 1, 2, 255, 65535)  # of a count


def mutations(seed: int, count: int) -> Iterator[bytes]:
    """Yield *count* packets."""
    for random in randoms(seed, count):
        whole = _message(random)
        yield whole if random.random() < 0.2 else spoiled(random, whole)


def stream(packets: Iterator[bytes], random: Random) -> Iterator[bytes]:
    """Yield the packets as they are sent over TCP, some with a length that is wrong."""
    for packet in packets:
        length = random.choice(EDGES) if random.random() < 0.1 else min(len(packet), 65535)
        yield length.to_bytes(2) + packet[:65535]


def _message(random: Random) -> bytes:
    counts = [1, 0, 0, 1]
    if random.random() < 0.3:
        counts[random.randrange(4)] = random.choice(EDGES)
    flags = random.choice((0x0100, 0x0100, 0x0120, 0x0110, 0x8180, random.randrange(65536)))
    question = _name(random) + struct.pack("!HH", random.choice(TYPES), random.choice(CLASSES))
    records = b"".join(_record(random) for _ in range(random.choice((1, 1, 0, 2, 20))))
    return struct.pack("!6H", random.randrange(65536), flags, *counts) + question + records


def _name(random: Random) -> bytes:
    labels = [random.choice(LABELS) for _ in range(random.choice((1, 2, 2, 3, 6, 130)))]
    end = random.choice((b"\0", b"\0", b"\0", b"\xc0\x0c", b"\xc0\xff", b"\x40", b""))
    return b"".join(bytes([len(label)]) + label for label in labels if label) + end


def _record(random: Random) -> bytes:
    data = random.randbytes(random.choice((0, 0, 4, 20)))
    length = random.choice((len(data), len(data), random.choice(EDGES)))
    type = random.choice((41, 41, *TYPES))
    owner = b"\0" if type == 41 and random.random() < 0.8 else _name(random)
    return (
        owner
        + struct.pack("!HHIH", type, random.choice((512, 1232, 0)), random.choice((0, 0x8000, 0x10000)), length)
        + data
    )
