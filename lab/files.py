"""Files that users name: regular ones of a bounded size, so that a FIFO or /dev/zero is told, and does not hang.

In: a path, "-" for standard input where a command has that. Out: bytes, or text. Errors: :class:`UnreadableError`.
"""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

from lab.errors import LabError

MIB = 1024 * 1024
TEXT = 4 * MIB  # bytes: a zone or a scenario of more is none; the catalogue's have some KB
MESSAGE = 64 * MIB  # bytes: six times what Postfix takes by default (message_size_limit), for those who want it refused
STDIN = "-"


class UnreadableError(LabError):
    """A file that cannot be read; ``reason`` says why, and the message which."""

    def __init__(self, path: Path, reason: str) -> None:
        """*reason* is what follows the name."""
        super().__init__(f"cannot read {path}: {reason}", hint="give a file's path")
        self.reason = reason


def is_file(path: Path) -> bool:
    """Return whether there is a regular file; a name that no file can have is none (Path.is_file raises then)."""
    return os.path.isfile(path)  # noqa: PTH113  see above


def is_folder(path: Path) -> bool:
    """Return whether there is a folder."""
    return os.path.isdir(path)  # noqa: PTH112  see above


def content(path: Path, most: int) -> bytes:
    """Return the bytes of a regular file of at most *most* bytes."""
    try:
        _check_regular(path, path.stat())  # to open a device may be enough to set it off
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            _check_regular(path, os.fstat(file.fileno()))  # what it is now
            found = file.read(most + 1)
    except OSError as error:
        raise UnreadableError(path, error.strerror or str(error)) from None
    except ValueError as error:  # no file's name has such a character
        raise UnreadableError(path, str(error)) from None
    return _bounded(path, found, most)


def text(path: Path, most: int = TEXT) -> str:
    """Return the text of such a file, which is UTF-8."""
    return _decoded(path, content(path, most))


def standard_input(most: int) -> bytes:
    """Return what comes in on standard input, if it is at most *most* bytes."""
    return _bounded(Path("standard input"), sys.stdin.buffer.read(most + 1), most)


def given(path: Path, most: int = TEXT) -> str:
    """Return the text of a file, or, if it is "-", of standard input."""
    if str(path) == STDIN:
        return _decoded(Path("standard input"), standard_input(most))
    return text(path, most)


def _check_regular(path: Path, status: os.stat_result) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise UnreadableError(path, "Is a directory")
    if not stat.S_ISREG(status.st_mode):
        raise UnreadableError(path, "it is not a regular file")


def _bounded(path: Path, found: bytes, most: int) -> bytes:
    if len(found) > most:
        raise UnreadableError(path, f"it has more than {most // MIB} MiB")
    return found


def _decoded(path: Path, raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise UnreadableError(path, f"line {line} is not UTF-8 (byte {raw[error.start]:#04x})") from None
