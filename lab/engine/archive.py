"""Files as Docker takes them into a container: a tar archive."""

from __future__ import annotations

import io
import tarfile
import time
from collections.abc import Mapping


def archive(files: Mapping[str, str]) -> bytes:
    """Return an archive of *files*, name to text, that everybody may read."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as packed:
        for name, text in files.items():
            data = text.encode()
            member = tarfile.TarInfo(name)
            member.size, member.mode, member.mtime = len(data), 0o644, int(time.time())
            packed.addfile(member, io.BytesIO(data))
    return buffer.getvalue()
