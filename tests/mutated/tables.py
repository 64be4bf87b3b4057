"""Mutated requests to the table for Postfix (socketmap_table(5)), which are netstrings."""

from __future__ import annotations

from collections.abc import Iterator

from . import randoms, spoiled

KEYS = (
    *(b"mx1.dest.test dest.test", b"mx1.dest.test bia@dest.test", b"mx1.dest.test .test", b"mx1.dest.test", b" ", b""),
    *(
        b"mx1.dest.test \xff.test",
        b"mx1.dest.test a..b",
        b"a\\ b",
        "mx1.dest.test é.test".encode(),
        b"x " + b"a." * 4000,
    ),
)


def mutations(seed: int, count: int) -> Iterator[bytes]:
    """Yield *count* conversations, of one to three requests each."""
    for random in randoms(seed, count):
        keys = [random.choice(KEYS) for _ in range(random.randint(1, 3))]
        whole = b"".join(b"%d:%s," % (len(key), key) for key in keys)
        yield whole if random.random() < 0.2 else spoiled(random, whole)
