"""A container engine in memory (:class:`lab.engine.protocol.Engine`): what a test puts there is there, and no more."""

from __future__ import annotations

import queue
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatch
from typing import Any

from lab.engine.protocol import (
    BusyError,
    Container,
    Endpoint,
    GoneError,
    Inspected,
    Network,
    Ran,
    Specification,
)

STARTED = "2026-01-01T00:00:00Z"
END = object()


def host(name: str, role: str = "mx", lab: str = "main", owner: str = "", **more: Any) -> Inspected:
    """Return the container of a lab's host, "id-mx1" for mx1; *more*: what differs."""
    labels = {"mail-lab.name": lab, "mail-lab.host": name, "mail-lab.role": role, "mail-lab.fqdn": f"{name}.dest.test"}
    if owner:
        labels["mail-lab.owner"] = owner
    found = Inspected(
        id=f"id-{name}",
        name=f"mail-lab-{lab}-{name}-1",
        labels=labels,
        image=f"mail-lab/{role}:0123",
        started=STARTED,
        endpoints={f"mail-lab-{lab}_lab": Endpoint("198.18.0.11", "", "198.18.0.11", "")},
    )
    return replace(found, **more)


class MemoryStream:
    """A stream that yields what it is given, and ends when it is closed or told so; an exception is raised."""

    def __init__(self, *items: object) -> None:
        self.closed = False
        self._items: queue.SimpleQueue[object] = queue.SimpleQueue()
        for item in items:
            self.give(item)

    def give(self, item: object) -> None:
        self._items.put(item)

    def end(self) -> None:
        self.give(END)

    def close(self) -> None:
        self.closed = True
        self.end()

    def __iter__(self) -> Iterator[Any]:
        while (item := self._items.get()) is not END:
            if isinstance(item, Exception):
                raise item
            yield item


class MemoryInput:
    """A standard input; ``sent`` has all that it was handed."""

    def __init__(self) -> None:
        self.sent = b""
        self.closed = False

    def send(self, data: bytes) -> None:
        if self.closed:
            raise BrokenPipeError
        self.sent += data

    def close(self) -> None:
        self.closed = True


class MemoryEngine:
    """``done`` has what was done to it, in order: ("start", "id-mx1"). ``refused`` has the errors that methods raise.

    ``answer`` says how commands end, and ``ran`` has them: those executed in a container, those of short containers.
    """

    address = "unix:///var/run/docker.sock"
    local = True
    client: Any = None

    def __init__(self, *containers: Inspected) -> None:
        self.there = {each.id: each for each in containers}
        self.done: list[tuple[str, ...]] = []
        self.ran: list[tuple[str, ...]] = []
        self.short: list[Specification] = []
        self.refused: dict[str, Exception] = {}
        self.answer: Callable[[Sequence[str]], Ran] = lambda _: Ran(0, "")
        self.files: defaultdict[str, dict[str, str]] = defaultdict(dict)  # of each container, path to text
        self.logs: dict[str, str] = {}
        self.printed: defaultdict[tuple[str, str], MemoryStream] = defaultdict(MemoryStream)  # container and start
        self.followed: list[tuple[str, float | None]] = []  # container, and since when
        self.gone: set[str] = set()  # removed when they have been inspected
        self.inputs: dict[str, MemoryInput] = {}
        self.events = MemoryStream()
        self.nets: list[Network] = []
        self.tags: list[str] = []

    def compose(self, report: Callable[[str], None]) -> list[str]:
        del report
        return ["docker", "compose"]

    def containers(self, *labels: str) -> list[Container]:
        self._refuse("containers")
        return [each for each in self.there.values() if _has(each.labels, labels)]

    def inspect(self, container: str) -> Inspected:
        self._refuse("inspect")
        if container not in self.there:
            raise GoneError(f"No such container: {container}")
        return self.there[container]

    def create(self, wanted: Specification) -> str:
        self._refuse("create")
        number = f"id-{wanted.name or len(self.there) + 1}"
        self.there[number] = Inspected(
            id=number,
            name=wanted.name,
            labels=wanted.labels,
            state="created",
            image=wanted.image,
            endpoints={wanted.network: Endpoint(asked=wanted.address, asked6=wanted.address6)},
            environment=wanted.environment,
            confinement=wanted.confinement,
        )
        self.done.append(("create", number))
        return number

    def start(self, container: str) -> None:
        self._change("start", container, "running")

    def stop(self, container: str, grace: int = 2) -> None:
        del grace
        self._change("stop", container, "exited")

    def kill(self, container: str) -> None:
        if self.inspect(container).state not in ("running", "paused"):
            raise BusyError(f"Container {container} is not running")
        self._change("kill", container, "exited")

    def pause(self, container: str) -> None:
        self._change("pause", container, "paused")

    def unpause(self, container: str) -> None:
        assert self.inspect(container).state == "paused"
        self._change("unpause", container, "running")

    def remove(self, container: str) -> None:
        if self.there.pop(container, None) is not None:
            self.done.append(("remove", container))

    def run(self, wanted: Specification) -> Ran:
        self._refuse("run")
        self.short.append(wanted)
        self.ran.append(tuple(wanted.command))
        return self.answer(wanted.command)

    def execute(self, container: str, command: Sequence[str]) -> Ran:
        self._refuse("execute")
        if (state := self.inspect(container).state) != "running":
            raise BusyError(f"Container {container} is {state}")
        self.ran.append(tuple(command))
        return self.answer(command)

    def copy_in(self, container: str, folder: str, files: Mapping[str, str]) -> None:
        self.inspect(container)
        self.files[container] |= {f"{folder}/{name}": text for name, text in files.items()}

    def copy_out(self, container: str, path: str) -> dict[str, str]:
        self.done.append(("copy_out", container, path))
        own = self.files[self.inspect(container).id]
        found = {name: text for name, text in own.items() if name == path or name.startswith(f"{path}/")}
        if not found:
            raise GoneError(f"Could not find the file {path} in container {container}")
        return found

    def log(self, container: str, *, stamped: bool = False, since: float | None = None, tail: int | None = None) -> str:
        del stamped, since
        self._refuse("log")
        self.inspect(container)
        lines = self.logs.get(container, "").splitlines(keepends=True)
        return "".join(lines if tail is None else lines[-tail:])

    def follow(
        self, container: str, *, stamped: bool = False, since: float | None = None, tail: int | None = None
    ) -> MemoryStream:
        del stamped, tail
        self._refuse("follow")
        if container in self.gone:
            raise GoneError(f"No such container: {container}")
        self.followed.append((container, since))
        return self.printed[container, self.inspect(container).started]

    def attach(self, container: str) -> MemoryStream:
        return self.printed[container, self.inspect(container).started]

    def input(self, container: str) -> MemoryInput:
        self.inspect(container)
        return self.inputs.setdefault(container, MemoryInput())

    def starts(self, label: str, since: float) -> MemoryStream:
        del label, since
        return self.events

    def networks(self, *labels: str) -> list[Network]:
        return [each for each in self.nets if _has(each.labels, labels)]

    def network(self, network: str) -> Network:
        found = next((each for each in self.nets if network in (each.id, each.name)), None)
        if found is None:
            raise GoneError(f"network {network} not found")
        return found

    def remove_network(self, network: str) -> None:
        self._refuse("remove_network")
        self.nets = [each for each in self.nets if network not in (each.id, each.name)]
        self.done.append(("remove_network", network))

    def images(self, name: str) -> list[str]:
        return [tag for tag in self.tags if fnmatch(tag if ":" in name else tag.partition(":")[0], name)]

    def remove_image(self, name: str) -> None:
        self._refuse("remove_image")
        self.tags.remove(name)

    def pull(self, name: str, stalled: float) -> None:
        del stalled
        self._refuse("pull")
        self.tags.append(name)

    def _change(self, what: str, container: str, state: str) -> None:
        self._refuse(what)
        self.there[container] = replace(self.inspect(container), state=state)
        self.done.append((what, container))

    def _refuse(self, method: str) -> None:
        if method in self.refused:
            raise self.refused[method]


def _has(labels: Mapping[str, str], wanted: Sequence[str]) -> bool:
    """Whether *labels* has all that is *wanted*, "name" or "name=value"."""
    return all(
        each in labels if "=" not in each else each in [f"{k}={v}" for k, v in labels.items()] for each in wanted
    )
