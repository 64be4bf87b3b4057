"""The hosts that one test brings along: each like a host of the world, and gone with the test.

In: a name, and settings of its own. Out: hosts that take connections. Errors: LabError for a name that is taken, for
settings that its kind does not have, and with what its server says is wrong with them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from lab.engine.hosts import Host, known
from lab.errors import LabError
from lab.servers import software
from lab.servers.brought import Own
from lab.servers.configuration import Configuration
from lab.servers.guest import AT_ONCE
from lab.servers.present import Present
from lab.state.lease import Lease
from lab.world import extra


class Guests:
    """They are among the *hosts* while they are there, and *configuration* learns what they have of their own.

    *start* and *remove* are those of :mod:`lab.servers.guest`, for one lab; *image* returns the image of a kind that
    the world has not, built if need be.
    """

    def __init__(
        self,
        hosts: Present,
        configuration: Configuration,
        lease: Callable[[], Lease],
        image: Callable[[str], str],
        start: Callable[..., Host],
        remove: Callable[..., None],
    ) -> None:
        self._hosts = hosts
        self._start = start
        self._remove = remove
        self._configuration = configuration
        self._lease = lease
        self._image = image

    def bring(
        self, name: str, fqdn: str, *, like: str, resolver: str | None, **settings: str | Mapping[str, str]
    ) -> tuple[Host, Own]:
        """Start a host, and return it with what it has of its own.

        *settings*: those of :meth:`lab.servers.software.Software.own`; *resolver*: the name of the one that it asks
        instead of the lab's DNS.
        """
        if name in self._hosts:
            raise LabError(f"this lab has a host {name!r} already", hint="choose another name")
        origin = self._origin(like)
        own = software.of(origin).own(name, **settings)
        asked = self._resolver(resolver)
        host = self._start(
            origin,
            owner=self._lease().owner,
            name=name,
            fqdn=fqdn,
            own=own,
            resolver=asked,
        )
        self._hosts.brought[name] = host
        self._configuration.brought(host, origin, own)
        return host, own

    def remove(self) -> None:
        """Remove them all, several at once."""
        gone = [(host, name not in self._hosts.touched) for name, host in self._hosts.brought.items()]
        self._hosts.brought.clear()
        self._hosts.touched.clear()
        if gone:
            with ThreadPoolExecutor(AT_ONCE) as pool:
                list(pool.map(lambda each: self._remove(each[0], untouched=each[1]), gone))

    def _origin(self, like: str) -> Host:
        """Return what a host is made like, with the image and the role that it shall have."""
        if like not in extra.CAPABILITIES:
            return known(self._hosts.world, like)
        return replace(self._hosts.world["direct"], role=like, software=extra.SOFTWARE[like], image=self._image(like))

    def _resolver(self, name: str | None) -> str | None:
        """Return the address of the resolver called *name*."""
        if name is None:
            return None
        found = known(self._hosts, name)
        if found.role != extra.RESOLVER:
            raise LabError(f"{name} is not a resolver", hint='lab.host("cache", like="resolver")')
        return found.address
