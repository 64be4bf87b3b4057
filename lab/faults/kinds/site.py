"""Where a fault is: one host of a running lab, and what a fault may do to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab.engine import netns
from lab.engine.hosts import LABEL, Host
from lab.engine.protocol import BusyError, RefusedError, beside
from lab.errors import LabError, MachineError, UnsupportedError

if TYPE_CHECKING:
    from lab.engine.protocol import Engine


ANNOUNCE = r"""
import socket
from pathlib import Path

with socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6) as raw:  # the kernel adds the checksum
    raw.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
    raw.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, socket.if_nametoindex("eth0"))
    own = bytes.fromhex(Path("/sys/class/net/eth0/address").read_text().replace(":", ""))
    for line in Path("/proc/net/if_inet6").read_text().splitlines():
        address, _, _, scope, _, device = line.split()
        if (scope, device) == ("00", "eth0"):  # global
            # Type 136, override flag; target; option 2, target link-layer address.
            raw.sendto(b"\x88\0\0\0\x20\0\0\0" + bytes.fromhex(address) + b"\2\1" + own, ("ff02::1", 0))
"""
"""Sends an unsolicited neighbour advertisement (RFC 4861 4.4, 7.2.6) for each IPv6 address of this machine."""


def _nobody_builds(what: str) -> str:
    raise LabError(
        f"{what} is for tests and scenarios: it reads the host's log for as long as they run",
        hint=f"[faults.mx] {what} = {{...}} in a scenario, lab.fault(...) in Python",
    )


@dataclass(frozen=True, slots=True)
class Site:
    """One host. ``await_ready`` returns when its protocols answer again; ``tools``: an image with nft(8), ip(8).

    ``image`` returns the image of what a fault starts beside the host (:mod:`lab.world.extra`), built if need be.
    """

    engine: Engine
    host: Host
    labels: Mapping[str, str]  # of its container
    await_ready: Callable[[], None]
    tools: str
    image: Callable[[str], str] = _nobody_builds

    @property
    def container(self) -> str:
        """The id of its container."""
        return self.host.container

    @property
    def state(self) -> str:
        """How the host is now, in Docker's word."""
        return self.engine.inspect(self.container).state

    def nft(self, rules: str, *options: str) -> str:
        """Run nft(8) in the host's network namespace, and return what it prints."""
        return self.beside("nft", *options, rules)

    def beside(self, *command: str, capability: str = "NET_ADMIN") -> str:
        """Run a command in the host's network namespace with a capability, and return what it prints."""
        try:
            lab, there = self.labels[LABEL], beside(self.container)
            return netns.run(self.engine, lab, self.tools, there, *command, capability=capability)
        except RefusedError as error:
            raise UnsupportedError(
                f"{command[0]} failed beside {self.host.name}: {error.args[0]}",
                hint=f"it needs an engine that allows {capability} (rootless ones may not), and nf_tables",
            ) from error

    def leave(self) -> None:
        """Take a host that does not run any more off the network: while its sandbox runs, its address is not gone."""
        if self.host.sandbox:
            with suppress(BusyError):  # it did not run
                self.engine.kill(self.host.sandbox)

    def enter(self) -> None:
        """Put a host that is to run again back on the network."""
        if self.host.sandbox:
            self.engine.start(self.host.sandbox)

    def announce(self) -> None:
        """Tell the neighbours that the host is back at its IPv6 addresses.

        One that has asked in vain would give up on its next message too, for it asks three times in three seconds
        (RFC 4861 10). Over IPv4 it learns of the host from whatever ARP request of the host.
        """
        if self.host.address6:
            with suppress(UnsupportedError):  # where the engine forbids it, they know a few seconds later
                self.beside("python3", "-c", ANNOUNCE, capability="NET_RAW")

    def run(self, *command: str) -> None:
        """Run a command in the host itself."""
        ran = self.engine.execute(self.container, command)
        if ran.exit_code != 0:
            raise MachineError(
                f"{command[0]} failed at {self.host.name}: {ran.said}", hint=f"`lab logs {self.host.name}` shows more"
            )
