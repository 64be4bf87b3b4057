"""The settings of a running host, read out of its container.

A Postfix host's are its main.cf, the tables named there, and its master.cf; a mail store's say who sends what its
users' Sieve scripts send on.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from lab.engine.protocol import GoneError
from lab.servers.dovecot.store import Store
from lab.servers.postfix.settings import Settings, read

if TYPE_CHECKING:
    from lab.engine.hosts import Host
    from lab.engine.protocol import Engine
    from lab.servers.brought import Own

POSTFIX = "/etc/postfix"
MAIN_CF = f"{POSTFIX}/main.cf"
MASTER_CF = f"{POSTFIX}/master.cf"
TABLE = re.compile(r"\b(?:texthash|hash|lmdb|btree|cdb):(/[\w./-]+)")  # types whose source is a text file
DOVECOT = "/etc/dovecot"
OWN_CONF = "guest.conf"  # what a host that is brought along has of its own: read last, so that it holds
OUTLET = re.compile(r"^\s*submission_host\s*=\s*(?P<outlet>\S*)\s*$", re.MULTILINE)
OWN_OUTLET = re.compile(r"^(?P<user>[^:#\s]+):.*\buserdb_submission_host=(?P<outlet>\S*)", re.MULTILINE)
Key = tuple[str, str]  # of a host: container, and when it was started


class Configuration:
    """The settings of hosts, read once for each start of a host."""

    _folders: ClassVar[dict[Key, dict[str, str]]] = {}  # of all labs of this process
    _known: ClassVar[dict[Key, Settings]] = {}
    _stores: ClassVar[dict[Key, Store]] = {}
    _reading: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def of(self, host: Host) -> Settings:
        """Return a Postfix host's settings. Raises SettingsError for a main.cf that Postfix would not take."""
        key = _key(host)
        with self._reading:
            if key not in self._known:
                self._known[key] = self._settings(host, self._folder(host, POSTFIX))
        return self._known[key]

    def brought(self, host: Host, like: Host, own: Own) -> None:
        """Note the settings of a host that has just been brought along: those of the host it is like, and its own.

        Nothing is asked of Docker: for each folder that it hands out it starts a program, 50 ms of processor time.
        """
        if own.folder not in (POSTFIX, DOVECOT):
            return
        with self._reading:
            files = dict(self._folder(like, own.folder))
            files |= {f"{own.folder}/{name}": text for name, text in own.files.items()}
            for name, text in own.appended.items():
                files[f"{own.folder}/{name}"] = f"{files.get(f'{own.folder}/{name}', '')}\n{text}"
            if own.folder == POSTFIX:
                self._known[_key(host)] = self._settings(host, files)
            else:
                self._stores[_key(host)] = _store(files)

    def again(self, host: Host) -> bool:
        """Read a Postfix host's settings once more, and return whether they are others than they were."""
        key = _key(host)
        with self._reading:
            before, now = self._known.get(key), self._settings(host, self._files(host, POSTFIX))
            self._known[key] = now
        return before != now

    def store(self, host: Host) -> Store:
        """Return what sends for a mail store's users; their scripts are not among its settings."""
        key = _key(host)
        with self._reading:
            if key not in self._stores:
                self._stores[key] = _store(self._folder(host, DOVECOT))
        return self._stores[key]

    def _folder(self, host: Host, path: str) -> dict[str, str]:
        """Return the files of a host's own folder as they were when it was first looked at."""
        key = _key(host)
        if key not in self._folders:
            self._folders[key] = self._files(host, path)
        return self._folders[key]

    def _settings(self, host: Host, files: dict[str, str]) -> Settings:
        text = files.get(MAIN_CF, "")
        for name in set(TABLE.findall(text)) - set(files):
            files = {**files, **self._files(host, name)}
        return read(text, host.fqdn, file=f"{host.name}:{MAIN_CF}", tables=files, master_cf=files.get(MASTER_CF))

    def _files(self, host: Host, path: str) -> dict[str, str]:
        """Return the files at and below *path*, path to text, none if there is none; works on stopped hosts too.

        All of a folder is one request to Docker, which takes as long as one for a single file.
        """
        try:
            return self._engine.copy_out(host.container, path)
        except GoneError:
            return {}


def _key(host: Host) -> Key:
    return host.container, host.started


def _store(files: Mapping[str, str]) -> Store:
    settings = "\n".join(files.get(f"{DOVECOT}/{name}", "") for name in ("dovecot.conf", OWN_CONF))
    outlets = [each["outlet"] for each in OUTLET.finditer(settings)]
    own = OWN_OUTLET.finditer(files.get(f"{DOVECOT}/users", ""))
    return Store(outlets[-1] if outlets else "", {each["user"]: each["outlet"] for each in own})
