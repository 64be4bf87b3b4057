"""What the lab asks of a container engine: one small protocol, and the values that go in and out of it.

`lab.engine.sdk` keeps it with Docker's SDK, unit tests with an engine in memory. Nothing else in the lab knows how an
engine is spoken to. A container is named by its id, a network by its id or name, an image by its name.

Errors: GoneError, BusyError, else RefusedError with what the engine said; MachineError where it does not answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from lab.errors import MachineError

Item_co = TypeVar("Item_co", covariant=True)

MACHINE = "host"
"""The network of the machine on which the engine runs, as the ``network`` of a :class:`Specification`."""


def beside(container: str) -> str:
    """Return the network namespace of a container, as the ``network`` of a :class:`Specification`."""
    return f"container:{container}"


class RefusedError(MachineError):
    """The engine does not do what it is asked for; the cause is what it says."""


class GoneError(RefusedError):
    """What is named is not there: a container, a network, an image, a file in a container."""


class BusyError(RefusedError):
    """It is in no state for that: a container that does not run, or is paused; what is in use and was to be removed."""


@dataclass(frozen=True, slots=True)
class Ran:
    """A command that has ended, and what it has printed. Bytes that are no UTF-8 are replaced."""

    exit_code: int
    output: str
    errors: str = ""

    @property
    def said(self) -> str:
        """What it has printed, errors first, for a message to people."""
        return "\n".join(text for text in (self.errors.strip(), self.output.strip()) if text)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """How a container is attached to a network: its addresses there, and those it asks for; "" is none.

    A container that does not run has only those it asks for.
    """

    address: str = ""
    address6: str = ""
    asked: str = ""
    asked6: str = ""


@dataclass(frozen=True, slots=True)
class Confinement:
    """What a container may do and take. By default no capability, none to be had, and no limits."""

    capabilities: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ("ALL",)
    security: tuple[str, ...] = ("no-new-privileges:true",)
    memory: int = 0  # bytes; 0 is no limit
    swap: int = 0  # bytes, with memory
    processes: int = 0
    init: bool | None = None
    dns: tuple[str, ...] = ()
    log: Mapping[str, Any] = field(default_factory=lambda: {"Type": "json-file"})  # driver and options


@dataclass(frozen=True, slots=True)
class Container:
    """A container as a list has it. ``state`` is Docker's word: running, exited, paused, created ..."""

    id: str
    name: str
    labels: Mapping[str, str]
    state: str = "running"
    endpoints: Mapping[str, Endpoint] = field(default_factory=dict)  # by the network's name


@dataclass(frozen=True, slots=True)
class Inspected(Container):
    """All that is known of a container."""

    image: str = ""  # as it was named
    image_id: str = ""
    started: str = ""  # RFC 3339, when it last started
    exit_code: int = 0
    process: int = 0  # its first process, on the engine's machine
    environment: Mapping[str, str] = field(default_factory=dict)
    published: Mapping[int, int] = field(default_factory=dict)  # own port to port on 127.0.0.1
    confinement: Confinement = Confinement()


@dataclass(frozen=True, slots=True)
class Specification:
    """A container to be made. ``network``: a network's name, MACHINE, or :func:`beside` a container."""

    image: str
    command: Sequence[str] = ()  # instead of the image's own
    labels: Mapping[str, str] = field(default_factory=dict)
    network: str = ""
    address: str = ""  # there
    address6: str = ""
    name: str = ""
    hostname: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    confinement: Confinement = Confinement()
    reads: bool = False  # its standard input stays open: see Engine.input


@dataclass(frozen=True, slots=True)
class Pool:
    """Addresses of a network: a subnet, and the part of it from which containers get theirs; "" is all of it."""

    subnet: str
    range: str = ""


@dataclass(frozen=True, slots=True)
class Network:
    """A network. ``bridge`` is its interface on the engine's machine."""

    id: str
    name: str
    labels: Mapping[str, str]
    bridge: str = ""
    ipv6: bool = False
    pools: tuple[Pool, ...] = ()


class Stream(Protocol[Item_co]):
    """What comes, as it comes. Whoever reads it is woken by :meth:`close`, from whichever thread, and sees its end."""

    def __iter__(self) -> Iterator[Item_co]:
        """Yield what comes."""

    def close(self) -> None:
        """End it, and give its connection back."""


class Input(Protocol):
    """The standard input of a container."""

    def send(self, data: bytes) -> None:
        """Hand *data* over. Raises OSError when the container is gone."""

    def close(self) -> None:
        """Give the connection back."""


class Engine(Protocol):
    """A container engine."""

    @property
    def address(self) -> str:
        """Where it is: "unix:///var/run/docker.sock", "ssh://user@host"."""

    @property
    def local(self) -> bool:
        """Whether it runs on this machine, so that its published ports are this machine's."""

    def compose(self, report: Callable[[str], None]) -> list[str]:
        """Return the command that Compose's arguments follow; it is installed before, with a *report*, where we may."""

    # Containers

    def containers(self, *labels: str) -> list[Container]:
        """Return the containers that have all *labels* ("name" or "name=value"), those that do not run too."""

    def inspect(self, container: str) -> Inspected:
        """Return all that is known of a container."""

    def create(self, wanted: Specification) -> str:
        """Make a container, and return its id. It is not started."""

    def start(self, container: str) -> None:
        """Start a container; one that runs goes on."""

    def stop(self, container: str, grace: int = 2) -> None:
        """Ask a container's first process to end, and kill it after *grace* seconds."""

    def kill(self, container: str) -> None:
        """Kill all processes of a container."""

    def pause(self, container: str) -> None:
        """Freeze all processes of a container."""

    def unpause(self, container: str) -> None:
        """Let them go on."""

    def remove(self, container: str) -> None:
        """Remove a container, running or not, with its volumes; none there is fine too."""

    def run(self, wanted: Specification) -> Ran:
        """Run a short container to its end; nothing of it is left."""

    def execute(self, container: str, command: Sequence[str]) -> Ran:
        """Run *command* in a running container, to its end. BusyError: it does not run, or is paused."""

    def copy_in(self, container: str, folder: str, files: Mapping[str, str]) -> None:
        """Put *files*, name to text, into a *folder* of a container, running or not; everybody may read them."""

    def copy_out(self, container: str, path: str) -> dict[str, str]:
        """Return the files at and below *path*, path to text. GoneError: nothing is there."""

    def log(self, container: str, *, stamped: bool = False, since: float | None = None, tail: int | None = None) -> str:
        """Return what a container has printed. *stamped*: each line begins with its time (RFC 3339, UTC) and a space.

        *since*: seconds since the epoch; *tail*: so many lines, the last ones.
        """

    def follow(
        self, container: str, *, stamped: bool = False, since: float | None = None, tail: int | None = None
    ) -> Stream[bytes]:
        """Return the same as it comes, in pieces that may end anywhere, until the container stops."""

    def attach(self, container: str) -> Stream[bytes]:
        """Return what a container prints from now on, in pieces; asked for before its start, all that it prints."""

    def input(self, container: str) -> Input:
        """Return the standard input of a container that ``reads``."""

    def starts(self, label: str, since: float) -> Stream[str]:
        """Return the id of each container with *label* that starts, from *since* (seconds since the epoch) on."""

    # Networks

    def networks(self, *labels: str) -> list[Network]:
        """Return the networks that have all *labels*."""

    def network(self, network: str) -> Network:
        """Return one network."""

    def remove_network(self, network: str) -> None:
        """Remove a network, and before that whatever is attached to it from it; none there is fine too.

        BusyError: the engine takes it to be in use all the same.
        """

    # Images

    def images(self, name: str) -> list[str]:
        """Return the names, with their tags, of the images called so; a star in *name* stands for anything but "/"."""

    def remove_image(self, name: str) -> None:
        """Remove an image's name, and with its last one the image. BusyError: a container is made from it."""

    def pull(self, name: str, stalled: float) -> None:
        """Fetch an image; given up when the engine says nothing for *stalled* seconds.

        Raises lab.engine.explain.UnreachableError where the registry cannot be reached, or does not serve us.
        """

    # Beside the lab

    @property
    def client(self) -> Any:  # noqa: ANN401  a DockerClient, which only lab/engine/ knows
        """The SDK's own client, for a test that looks at more than this protocol has."""
