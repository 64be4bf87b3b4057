"""Run a command in a container, and have all that it prints.

The SDK's exec_run() loses output: it reads from the socket below the buffer in which the head of the engine's answer
has arrived, so what came in the same segment is gone (docker 7.1: one command of five, in a busy process). Here the
answer is read through that buffer: without a request to upgrade the connection, the engine sends the same frames as an
ordinary body (Docker Engine API, "Attach to a container", stream format).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.models.containers import Container

SILENCE = 300.0  # seconds that a command may print nothing
HEAD = struct.Struct(">BxxxL")  # of a frame: the stream, and how many bytes follow
OUTPUT, ERRORS = 1, 2


@dataclass(frozen=True, slots=True)
class Ran:
    """A command that has ended, and what it has printed."""

    exit_code: int
    output: str
    errors: str = ""

    @property
    def said(self) -> str:
        """What it has printed, errors first, for a message to people."""
        return "\n".join(text for text in (self.errors.strip(), self.output.strip()) if text)


def execute(container: Container, command: Sequence[str]) -> Ran:
    """Run *command* in a running container, to its end. Bytes that are no UTF-8 are replaced.

    Raises docker's APIError: 409 where the container is stopped or paused, 404 where it is gone.
    """
    from docker.errors import create_api_error_from_http_exception
    from requests import HTTPError

    api = cast("DockerClient", container.client).api
    number: str = api.exec_create(container.id, list(command))["Id"]
    url = f"{api.base_url}/v{api.api_version}/exec/{number}/start"
    answer = api.post(url, json={"Tty": False, "Detach": False}, timeout=(api.timeout, SILENCE))
    try:
        answer.raise_for_status()
    except HTTPError as error:
        create_api_error_from_http_exception(error)
    printed = _parted(answer.content)
    exit_code: int = api.exec_inspect(number)["ExitCode"]
    return Ran(exit_code, *(printed[stream].decode("utf-8", "replace") for stream in (OUTPUT, ERRORS)))


def _parted(body: bytes) -> dict[int, bytes]:
    """Return what each stream had, from the frames of both."""
    parts, at = {OUTPUT: bytearray(), ERRORS: bytearray()}, 0
    while at < len(body):
        stream, length = HEAD.unpack_from(body, at)
        at += HEAD.size
        parts.setdefault(stream, bytearray()).extend(body[at : at + length])
        at += length
    return {stream: bytes(part) for stream, part in parts.items()}
