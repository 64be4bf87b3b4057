"""Streams of the Docker SDK, ended for good."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from docker.types.daemon import CancellableStream


def end(stream: CancellableStream[Any]) -> None:
    """Wake whoever reads the stream, and give its connection back.

    The SDK's own close() only shuts the socket down; the response behind it keeps the file open.
    """
    stream.close()
    stream._response.close()  # type: ignore[attr-defined]  # the SDK has no other way to it
