"""The settings of a running host: its own main.cf and the tables named there, read out of its container."""

from __future__ import annotations

import io
import re
import tarfile
import threading
from typing import TYPE_CHECKING, ClassVar

from lab.settings import Settings, read

if TYPE_CHECKING:
    from docker import DockerClient

    from lab.hosts import Host

MAIN_CF = "/etc/postfix/main.cf"
TABLE = re.compile(r"\b(?:texthash|hash|lmdb|btree|cdb):(/[\w./-]+)")  # types whose source is a text file


class Configuration:
    """The settings of hosts, read once for each start of a host."""

    _known: ClassVar[dict[tuple[str, str], Settings]] = {}  # of all labs of this process
    _reading: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self, docker: DockerClient) -> None:
        self._docker = docker

    def of(self, host: Host) -> Settings:
        """Return a Postfix host's settings. Raises SettingsError for a main.cf that Postfix would not take."""
        key = (host.container, host.started)
        with self._reading:
            if key not in self._known:
                self._known[key] = self._read(host)
        return self._known[key]

    def _read(self, host: Host) -> Settings:
        text = self._file(host, MAIN_CF) or ""
        tables = {name: self._file(host, name) for name in set(TABLE.findall(text))}
        known = {name: content for name, content in tables.items() if content is not None}
        return read(text, host.fqdn, file=f"{host.name}:{MAIN_CF}", tables=known)

    def _file(self, host: Host, path: str) -> str | None:
        """Return a file's text, None if there is none; works on stopped hosts too."""
        from docker.errors import NotFound

        try:
            stream, _ = self._docker.api.get_archive(host.container, path)
        except NotFound:
            return None
        with tarfile.open(fileobj=io.BytesIO(b"".join(stream))) as archive:
            member = archive.extractfile(archive.getmembers()[0])
            return member.read().decode("utf-8", "replace") if member else None
