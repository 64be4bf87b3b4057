"""Docker, by its SDK, as :class:`lab.engine.protocol.Engine`.

Every exception of the SDK becomes one of the project's own here, with what the engine says as its cause.
"""

from __future__ import annotations

import io
import queue
import tarfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from docker.errors import APIError, DockerException, create_api_error_from_http_exception
from docker.types.daemon import CancellableStream
from requests import HTTPError, RequestException

from lab.engine import compose
from lab.engine.archive import archive
from lab.engine.explain import UnreachableError, explain
from lab.engine.frames import frames, parted
from lab.engine.machine import Machine
from lab.engine.protocol import (
    MACHINE,
    BusyError,
    Confinement,
    Container,
    Endpoint,
    GoneError,
    Inspected,
    Network,
    Pool,
    Ran,
    RefusedError,
    Specification,
)

if TYPE_CHECKING:
    from docker import DockerClient
    from requests import Response

Item = TypeVar("Item")
Found = Mapping[str, Any]

SILENCE = 300.0  # seconds that a command may print nothing
KINDS: Mapping[int, tuple[type[RefusedError], str]] = {
    403: (BusyError, "`docker network inspect` tells what is attached"),  # a network that is in use
    404: (GoneError, "did someone run `lab down`?"),
    409: (BusyError, "`lab status` tells how its hosts are"),  # a container in another state, an image in use
}
"""HTTP status of the engine's answer to what it means, and the next step."""
BRIDGE = "com.docker.network.bridge.name"


class Docker:
    """A Docker engine that answers, at *address* ("unix:///var/run/docker.sock", "ssh://user@host").

    *machine* is where Compose runs, and is installed.
    """

    def __init__(self, address: str, client: DockerClient, machine: Machine | None = None) -> None:
        self.address = address
        self.client = client
        self._machine = machine or Machine()
        self._api = client.api

    def compose(self, report: Callable[[str], None]) -> list[str]:
        compose.ensure(self._machine, report)
        return list(compose.COMMAND)

    def version(self) -> str:
        """Return the engine's version, "20.10.24+dfsg1"."""
        with _told():
            return str(self.client.version()["Version"])

    @property
    def local(self) -> bool:
        """Whether the engine runs on this machine."""
        return self.address.startswith(("unix://", "npipe://"))

    def containers(self, *labels: str) -> list[Container]:
        with _told():
            found = self._api.containers(all=True, filters={"label": [*labels]})
        return [
            Container(
                id=each["Id"],
                name=next(iter(each["Names"] or ()), "").lstrip("/"),
                labels=each["Labels"] or {},
                state=each["State"],
                endpoints=_endpoints(each),
            )
            for each in found
        ]

    def inspect(self, container: str) -> Inspected:
        with _told():
            found = self._api.inspect_container(container)
        state, config = found["State"], found["Config"]
        ports = found["NetworkSettings"]["Ports"] or {}
        return Inspected(
            id=found["Id"],
            name=found["Name"].lstrip("/"),
            labels=config["Labels"] or {},
            state=state["Status"],
            endpoints=_endpoints(found),
            image=config["Image"],
            image_id=found["Image"],
            started=state["StartedAt"],
            exit_code=state["ExitCode"],
            process=state["Pid"],
            environment=dict(line.split("=", 1) for line in config["Env"] or () if "=" in line),
            published={int(own.partition("/")[0]): int(there[0]["HostPort"]) for own, there in ports.items() if there},
            confinement=_confinement(found["HostConfig"]),
        )

    def create(self, wanted: Specification) -> str:
        chosen = {"IPv4Address": wanted.address, "IPv6Address": wanted.address6}
        chosen = {key: value for key, value in chosen.items() if value}
        networking = {"EndpointsConfig": {wanted.network: {"IPAMConfig": chosen}}} if chosen else None
        with _told():
            made = self._api.create_container(
                image=wanted.image,
                command=list(wanted.command) or None,
                name=wanted.name or None,
                hostname=wanted.hostname or None,
                environment=dict(wanted.environment),
                labels=dict(wanted.labels),
                stdin_open=wanted.reads,
                host_config=_host_config(wanted),
                networking_config=networking,
            )
        return str(made["Id"])

    def start(self, container: str) -> None:
        with _told():
            self._api.start(container)

    def stop(self, container: str, grace: int = 2) -> None:
        with _told():
            self._api.stop(container, timeout=grace)

    def kill(self, container: str) -> None:
        with _told():
            self._api.kill(container)

    def pause(self, container: str) -> None:
        with _told():
            self._api.pause(container)

    def unpause(self, container: str) -> None:
        with _told():
            self._api.unpause(container)

    def remove(self, container: str) -> None:
        with suppress(GoneError, BusyError), _told():  # 409: somebody else is removing it
            self._api.remove_container(container, v=True, force=True)

    def run(self, wanted: Specification) -> Ran:
        container = self.create(wanted)
        try:
            with _told():
                printed = self._attached(container)
                try:
                    self._api.start(container)
                    output, errors = parted(printed.raw)
                finally:
                    printed.close()
                exit_code = int(self._api.wait(container)["StatusCode"])
        finally:
            self.remove(container)
        return Ran(exit_code, output, errors)

    def execute(self, container: str, command: Sequence[str]) -> Ran:
        with _told():
            number: str = self._api.exec_create(container, list(command))["Id"]
            asked = {"Tty": False, "Detach": False}
            with self._post(f"/exec/{number}/start", json=asked, timeout=(self._api.timeout, SILENCE)) as answer:
                output, errors = parted(answer.raw)
            exit_code: int = self._api.exec_inspect(number)["ExitCode"]
        return Ran(exit_code, output, errors)

    def copy_in(self, container: str, folder: str, files: Mapping[str, str]) -> None:
        with _told():
            self._api.put_archive(container, folder, archive(files))

    def copy_out(self, container: str, path: str) -> dict[str, str]:
        with _told():
            stream, _ = self._api.get_archive(container, path)
            packed = io.BytesIO(b"".join(stream))
        above = path.rpartition("/")[0]
        with tarfile.open(fileobj=packed) as archived:
            members = [(member.name, archived.extractfile(member)) for member in archived if member.isfile()]
            return {f"{above}/{name}": file.read().decode("utf-8", "replace") for name, file in members if file}

    def log(self, container: str, *, stamped: bool = False, since: float | None = None, tail: int | None = None) -> str:
        with _told(), self._logs(container, stamped=stamped, since=since, tail=tail) as answer:
            return b"".join(data for _, data in frames(answer.raw)).decode("utf-8", "replace")

    def follow(
        self, container: str, *, stamped: bool = False, since: float | None = None, tail: int | None = None
    ) -> Streamed[bytes]:
        with _told():
            answer = self._logs(container, follow=True, stamped=stamped, since=since, tail=tail)
        return Streamed((data for _, data in frames(answer.raw)), answer)

    def attach(self, container: str) -> Streamed[bytes]:
        with _told():
            answer = self._attached(container)
        return Streamed((data for _, data in frames(answer.raw)), answer)

    def input(self, container: str) -> Input:
        with _told():
            return Input(self._api.attach_socket(container, params={"stdin": 1, "stream": 1}))

    def starts(self, label: str, since: float) -> Streamed[str]:
        with _told():
            events = self._api.events(decode=True, filters={"label": label, "event": "start"}, since=int(since))
        return Streamed((each["id"] for each in events), events._response)  # type: ignore[attr-defined]  # not typed

    def networks(self, *labels: str) -> list[Network]:
        with _told():
            return [_network(each) for each in self._api.networks(filters={"label": [*labels]})]

    def network(self, network: str) -> Network:
        with _told():
            return _network(self._api.inspect_network(network))

    def remove_network(self, network: str) -> None:
        with suppress(GoneError), _told():
            # Somebody else's container, or the endpoint of one that was killed while it started, and is no more.
            for left in (self._api.inspect_network(network)["Containers"] or {}).values():
                with suppress(APIError):  # it has left meanwhile; whether the network is free is told below
                    self._api.disconnect_container_from_network(left["Name"], network, force=True)
            self._api.remove_network(network)

    def images(self, name: str) -> list[str]:
        with _told():
            return [tag for image in self._api.images(name=name) for tag in image["RepoTags"] or ()]

    def remove_image(self, name: str) -> None:
        with _told():
            self._api.remove_image(name)

    def pull(self, name: str, stalled: float) -> None:
        """Pull an image. The SDK reads a pull's progress without a deadline, so a thread reads and we wait."""
        repository, _, tag = name.partition(":")
        news: queue.Queue[Found | Exception | None] = queue.Queue()

        def read() -> None:
            try:
                for line in self._api.pull(repository, tag=tag, stream=True, decode=True):
                    news.put(line)
            except Exception as error:  # noqa: BLE001  # it is raised by the thread that waits
                news.put(error)
            else:
                news.put(None)

        threading.Thread(target=read, name="pull", daemon=True).start()
        while True:
            try:
                line = news.get(timeout=stalled)
            except queue.Empty:
                raise UnreachableError(
                    f"pulling {name} has made no progress for {stalled:.0f} s",
                    hint="check the network, then try again",
                ) from None
            if line is None:
                return
            if isinstance(line, Exception):
                raise explain(line) from line
            if "error" in line:
                raise explain(str(line["error"]))

    def _attached(self, container: str) -> Response:
        """Return the answer whose body is what a container prints from now on."""
        asked = {"stream": 1, "stdout": 1, "stderr": 1}
        return self._post(f"/containers/{container}/attach", params=asked, timeout=(self._api.timeout, None))

    def _logs(
        self, container: str, *, stamped: bool, since: float | None, tail: int | None, follow: bool = False
    ) -> Response:
        """Return the answer whose body is a log. The SDK would ask first how the container was made."""
        asked = {
            "stdout": 1,
            "stderr": 1,
            "follow": int(follow),
            "timestamps": int(stamped),
            "since": since or 0,
            "tail": "all" if tail is None else tail,
        }
        timeout = (self._api.timeout, None if follow else self._api.timeout)
        return _checked(
            self._api.get(self._url(f"/containers/{container}/logs"), params=asked, timeout=timeout, stream=True)
        )

    def _post(self, path: str, **how: Any) -> Response:  # noqa: ANN401  what requests takes
        return _checked(self._api.post(self._url(path), stream=True, **how))

    def _url(self, path: str) -> str:
        return f"{self._api.base_url}/v{self._api.api_version}{path}"


class Streamed(Generic[Item]):
    """A stream of the engine's, which ends for good."""

    def __init__(self, items: Iterator[Item], answer: Response) -> None:
        self._stream = CancellableStream(items, answer)
        self._answer = answer
        self._closed = False

    def __iter__(self) -> Iterator[Item]:
        try:
            yield from self._stream
        except Exception:
            if not self._closed:  # what a reader meets whose connection is closed under its hands is no news
                raise

    def close(self) -> None:
        """Wake whoever reads it, and give its connection back: the SDK shuts it down and keeps the file open."""
        self._closed = True
        self._stream.close()
        self._answer.close()


class Input:
    """The standard input of a container. What the SDK hands out as a socket can only be read from."""

    def __init__(self, link: Any) -> None:  # noqa: ANN401  what the SDK has for a socket
        self._link = link
        self._socket = getattr(link, "_sock", link)

    def send(self, data: bytes) -> None:
        """Hand *data* over."""
        self._socket.sendall(data)

    def close(self) -> None:
        """Give the connection back."""
        self._link.close()
        self._socket.close()


@contextmanager
def _told() -> Iterator[None]:
    """Raise what the SDK raises as an error of the project's own."""
    try:
        yield
    except APIError as error:
        kind, hint = KINDS.get(error.status_code or 0, (RefusedError, "`docker info` tells how the engine is"))
        meaning = explain(str(error.explanation or error), hint)
        raise kind(str(meaning.args[0]), hint=meaning.hint) from error
    except (DockerException, RequestException) as error:
        raise explain(error) from error


def _checked(answer: Response) -> Response:
    try:
        answer.raise_for_status()
    except HTTPError as error:
        create_api_error_from_http_exception(error)
    return answer


def _endpoints(found: Found) -> dict[str, Endpoint]:
    networks: Mapping[str, Found] = found["NetworkSettings"]["Networks"] or {}
    return {name: _endpoint(each, each.get("IPAMConfig") or {}) for name, each in networks.items()}


def _endpoint(found: Found, asked: Found) -> Endpoint:
    return Endpoint(
        address=found.get("IPAddress") or "",
        address6=found.get("GlobalIPv6Address") or "",
        asked=asked.get("IPv4Address") or "",
        asked6=asked.get("IPv6Address") or "",
    )


def _confinement(found: Found) -> Confinement:
    return Confinement(
        capabilities=tuple(found.get("CapAdd") or ()),
        dropped=tuple(found.get("CapDrop") or ()),
        security=tuple(found.get("SecurityOpt") or ()),
        memory=found.get("Memory") or 0,
        swap=found.get("MemorySwap") or 0,
        processes=found.get("PidsLimit") or 0,
        init=found.get("Init"),
        dns=tuple(found.get("Dns") or ()),
        log=found["LogConfig"],
    )


def _host_config(wanted: Specification) -> dict[str, Any]:
    has = wanted.confinement
    return {
        "CapAdd": list(has.capabilities),
        "CapDrop": list(has.dropped),
        "SecurityOpt": list(has.security),
        "Memory": has.memory,
        "MemorySwap": has.swap,
        "PidsLimit": has.processes or None,
        "Init": has.init,
        "Dns": list(has.dns),
        "LogConfig": dict(has.log),
        "NetworkMode": wanted.network or "default",
        "UsernsMode": "host" if wanted.network == MACHINE else "",  # Docker wants it where it maps users
    }


def _network(found: Found) -> Network:
    return Network(
        id=found["Id"],
        name=found["Name"],
        labels=found["Labels"] or {},
        bridge=(found["Options"] or {}).get(BRIDGE) or f"br-{found['Id'][:12]}",
        ipv6=found["EnableIPv6"],
        pools=tuple(Pool(each["Subnet"], each.get("IPRange") or "") for each in found["IPAM"]["Config"] or ()),
    )
