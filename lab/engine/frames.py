"""What a container prints, as the engine sends it: frames of two streams (Docker Engine API, "Attach to a container").

The SDK loses output where it reads such a stream from the socket itself: the head of the engine's answer has arrived in
a buffer above the socket, and so has what came in the same segment (docker 7.2: one command of five, in a busy process,
by exec_run; attach reads in the same way, logs does not). Here all is read through that buffer. Without a request to
upgrade the connection, the engine sends the same frames as an ordinary body.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Protocol

HEAD = struct.Struct(">BxxxL")  # the stream, and how many bytes follow
OUTPUT, ERRORS = 1, 2
Frame = tuple[int, bytes]


class Body(Protocol):
    """The body of an answer; ``read`` returns fewer bytes than asked for only at its end."""

    def read(self, amount: int, /) -> bytes:
        """Return that many bytes."""


def frames(body: Body) -> Iterator[Frame]:
    """Yield the frames of a *body* as they come. One that is cut off is the end."""
    while len(head := body.read(HEAD.size)) == HEAD.size:
        stream, length = HEAD.unpack(head)
        if data := body.read(length) if length else b"":
            yield stream, data


def parted(body: Body) -> tuple[str, str]:
    """Return what was printed, and what of it as errors, as text."""
    parts = {OUTPUT: bytearray(), ERRORS: bytearray()}
    for stream, data in frames(body):
        parts.setdefault(stream, bytearray()).extend(data)
    return parts[OUTPUT].decode("utf-8", "replace"), parts[ERRORS].decode("utf-8", "replace")
