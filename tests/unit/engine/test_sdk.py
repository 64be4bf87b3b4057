"""Docker by its SDK: what goes to the engine's socket, and what its answers become."""

from __future__ import annotations

import io
import json
import socket
import struct
import tarfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from docker import DockerClient

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
    beside,
)
from lab.engine.sdk import Docker
from lab.errors import LabError


def frame(stream: int, data: bytes) -> bytes:
    return struct.pack(">BxxxL", stream, len(data)) + data


PRINTED = frame(1, b"hello\n") + frame(2, b"no\n") + frame(1, b"")


class Socket:
    """Answers each request with whole bytes at once: head and body in one segment, as a busy client meets them.

    ``answers`` has "METHOD path" to status and body; ``asked`` has the requests, with their bodies.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.answers: dict[str, tuple[int, Any]] = {}
        self.asked: dict[str, Any] = {}
        self.away = False  # it hangs up instead
        self.hold = threading.Event()  # while it is not set, an answer does not end
        self.hold.set()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:  # closed
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        """Answer one request, and hang up: the body has no length, as with the engine."""
        with connection, connection.makefile("rb") as request:
            method, target, _ = request.readline().decode().split()
            lengths = [line for line in iter(request.readline, b"\r\n") if line.lower().startswith(b"content-length")]
            body = request.read(int(lengths[0].split()[1]) if lengths else 0)
            name = f"{method} {target.removeprefix('/v1.41').partition('?')[0]}"
            self.asked[name] = json.loads(body) if body.startswith(b"{") else body or target.partition("?")[2]
            if self.away:
                return
            status, said = self.answers.get(name, (404, {"message": f"nobody expects {name}"}))
            data = said if isinstance(said, bytes) else json.dumps(said).encode()
            kind = b"application/octet-stream" if isinstance(said, bytes) else b"application/json"
            connection.sendall(
                b"HTTP/1.1 %d Said\r\nContent-Type: %s\r\nConnection: close\r\n\r\n" % (status, kind) + data
            )
            self.hold.wait(20)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Socket]:
    made = Socket(tmp_path / "docker.sock")
    yield made
    made.close()


@pytest.fixture
def docker(engine: Socket) -> Iterator[Docker]:
    client = DockerClient(base_url=f"unix://{engine.path}", version="1.41", timeout=10)
    yield Docker(f"unix://{engine.path}", client)
    client.close()


def executes(engine: Socket, status: int, said: object) -> None:
    engine.answers |= {
        "POST /containers/c1/exec": (201, {"Id": "e1"}),
        "POST /exec/e1/start": (status, said),
        "GET /exec/e1/json": (200, {"ExitCode": 3}),
    }


def test_what_comes_with_the_head_of_the_answer_is_not_lost(engine: Socket, docker: Docker) -> None:
    executes(engine, 200, PRINTED)
    ran = docker.execute("c1", ["postqueue", "-j"])
    assert ran == Ran(3, "hello\n", "no\n")
    assert ran.said == "no\nhello"
    assert engine.asked["POST /containers/c1/exec"]["Cmd"] == ["postqueue", "-j"]


def test_nothing_printed(engine: Socket, docker: Docker) -> None:
    executes(engine, 200, b"")
    assert docker.execute("c1", ["true"]) == Ran(3, "", "")


def test_a_container_that_is_paused(engine: Socket, docker: Docker) -> None:
    executes(engine, 409, {"message": "Container c1 is paused"})
    with pytest.raises(BusyError) as caught:
        docker.execute("c1", ["true"])
    assert str(caught.value) == "Container c1 is paused\n  `lab status` tells how its hosts are"


@pytest.mark.parametrize("read", [Docker.follow, Docker.attach])
def test_a_stream_has_all_from_its_first_byte_on(
    engine: Socket, docker: Docker, read: Callable[[Docker, str], Any]
) -> None:
    engine.answers |= {"GET /containers/c1/logs": (200, PRINTED), "POST /containers/c1/attach": (200, PRINTED)}
    stream = read(docker, "c1")
    assert list(stream) == [b"hello\n", b"no\n"]
    stream.close()


def test_whoever_reads_a_stream_is_woken_when_it_is_closed(engine: Socket, docker: Docker) -> None:
    engine.answers["GET /containers/c1/logs"] = 200, PRINTED
    engine.hold.clear()
    stream = docker.follow("c1")
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.extend(stream))
    reader.start()
    while len(read) < 2:  # ends when it has read both; pytest has a deadline
        reader.join(0.01)
    stream.close()
    reader.join(10)
    engine.hold.set()
    assert not reader.is_alive()
    assert read == [b"hello\n", b"no\n"]


def test_a_log(engine: Socket, docker: Docker) -> None:
    engine.answers["GET /containers/c1/logs"] = 200, frame(1, b"one\n") + frame(2, b"\xff\n") + b"cut off"
    assert docker.log("c1", stamped=True, since=1.5, tail=2) == "one\n\ufffd\n"
    asked = engine.asked["GET /containers/c1/logs"]
    assert asked == "stdout=1&stderr=1&follow=0&timestamps=1&since=1.5&tail=2"


def test_a_short_container_leaves_nothing(engine: Socket, docker: Docker) -> None:
    engine.answers |= {
        "POST /containers/create": (201, {"Id": "c1"}),
        "POST /containers/c1/attach": (200, PRINTED),
        "POST /containers/c1/start": (204, b""),
        "POST /containers/c1/wait": (200, {"StatusCode": 1}),
        "DELETE /containers/c1": (204, b""),
    }
    confinement = Confinement(capabilities=("NET_ADMIN",))
    wanted = Specification("tools", ["nft"], {"a": "b"}, network=MACHINE, confinement=confinement)
    assert docker.run(wanted) == Ran(1, "hello\n", "no\n")
    assert "DELETE /containers/c1" in engine.asked
    made = engine.asked["POST /containers/create"]
    assert (made["Image"], made["Cmd"], made["Labels"]) == ("tools", ["nft"], {"a": "b"})
    has = made["HostConfig"]
    assert (has["NetworkMode"], has["UsernsMode"]) == ("host", "host")
    assert (has["CapDrop"], has["CapAdd"]) == (["ALL"], ["NET_ADMIN"])
    assert has["SecurityOpt"] == ["no-new-privileges:true"]


def test_a_short_container_that_does_not_start_leaves_nothing(engine: Socket, docker: Docker) -> None:
    engine.answers |= {
        "POST /containers/create": (201, {"Id": "c1"}),
        "POST /containers/c1/attach": (200, b""),
        "POST /containers/c1/start": (500, {"message": "host network is forbidden"}),
        "DELETE /containers/c1": (204, b""),
    }
    with pytest.raises(RefusedError, match="host network is forbidden"):
        docker.run(Specification("tools"))
    assert "DELETE /containers/c1" in engine.asked


def test_a_container_with_an_address(engine: Socket, docker: Docker) -> None:
    engine.answers["POST /containers/create"] = 201, {"Id": "c1"}
    docker.create(Specification("x", network="lab", address="198.18.0.65", address6="2001:2::65", reads=True))
    made = engine.asked["POST /containers/create"]
    chosen = {"IPv4Address": "198.18.0.65", "IPv6Address": "2001:2::65"}
    assert made["NetworkingConfig"] == {"EndpointsConfig": {"lab": {"IPAMConfig": chosen}}}
    assert made["OpenStdin"] is True
    docker.create(Specification("x", network=beside("c0")))
    made = engine.asked["POST /containers/create"]
    assert (made["HostConfig"]["NetworkMode"], made.get("NetworkingConfig")) == ("container:c0", None)


@pytest.mark.parametrize(
    ("status", "left"), [(204, b""), (404, {"message": "gone"}), (409, {"message": "in progress"})]
)
def test_removing_what_is_gone_is_fine(engine: Socket, docker: Docker, status: int, left: object) -> None:
    engine.answers["DELETE /containers/c1"] = status, left
    docker.remove("c1")


def test_a_list_of_containers(engine: Socket, docker: Docker) -> None:
    endpoint = {"IPAMConfig": {"IPv4Address": "198.18.0.11"}, "IPAddress": "", "GlobalIPv6Address": ""}
    engine.answers["GET /containers/json"] = (
        200,
        [
            {
                "Id": "c1",
                "Names": ["/mx1"],
                "Labels": {"a": "b"},
                "State": "exited",
                "NetworkSettings": {"Networks": {"lab": endpoint}},
            }
        ],
    )
    expected = Container("c1", "mx1", {"a": "b"}, "exited", {"lab": Endpoint(asked="198.18.0.11")})
    assert docker.containers("a=b") == [expected]


INSPECTED = {
    "Id": "c1",
    "Name": "/mx1",
    "Image": "sha256:1",
    "State": {"Status": "exited", "StartedAt": "2026-01-01T00:00:00Z", "ExitCode": 137, "Pid": 0},
    "Config": {"Image": "mail-lab/mx:1", "Labels": None, "Env": ["PATH=/bin", "X=a=b"]},
    "NetworkSettings": {
        "Networks": {"lab": {"IPAMConfig": None, "IPAddress": "198.18.0.11", "GlobalIPv6Address": "2001:2::11"}},
        "Ports": {"2511/tcp": [{"HostIp": "127.0.0.1", "HostPort": "25011"}], "80/tcp": None},
    },
    "HostConfig": {
        "CapAdd": ["KILL"],
        "CapDrop": ["ALL"],
        "SecurityOpt": None,
        "Memory": 1024,
        "MemorySwap": 2048,
        "PidsLimit": None,
        "Dns": ["198.18.0.2"],
        "LogConfig": {"Type": "json-file", "Config": {"max-file": "2"}},
    },
}


def test_one_container(engine: Socket, docker: Docker) -> None:
    engine.answers["GET /containers/c1/json"] = 200, INSPECTED
    assert docker.inspect("c1") == Inspected(
        "c1",
        "mx1",
        {},
        "exited",
        {"lab": Endpoint("198.18.0.11", "2001:2::11")},
        image="mail-lab/mx:1",
        image_id="sha256:1",
        started="2026-01-01T00:00:00Z",
        exit_code=137,
        environment={"PATH": "/bin", "X": "a=b"},
        published={2511: 25011},
        confinement=Confinement(
            ("KILL",),
            ("ALL",),
            (),
            memory=1024,
            swap=2048,
            dns=("198.18.0.2",),
            log={"Type": "json-file", "Config": {"max-file": "2"}},
        ),
    )
    with pytest.raises(GoneError):
        docker.inspect("c2")


def test_files_go_in_and_out(engine: Socket, docker: Docker) -> None:
    engine.answers["PUT /containers/c1/archive"] = 200, b""
    docker.copy_in("c1", "/etc/postfix", {"transport": "x\n"})
    packed: bytes = engine.asked["PUT /containers/c1/archive"]
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        assert [(member.name, member.mode) for member in archive] == [("transport", 0o644)]
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, kind in (("postfix", tarfile.DIRTYPE), ("postfix/main.cf", tarfile.REGTYPE)):
            member = tarfile.TarInfo(name)
            member.type, member.size = kind, 3 if kind == tarfile.REGTYPE else 0
            archive.addfile(member, io.BytesIO(b"a\xff\n"))
    engine.answers["GET /containers/c1/archive"] = 200, buffer.getvalue()
    assert docker.copy_out("c1", "/etc/postfix") == {"/etc/postfix/main.cf": "a\ufffd\n"}
    engine.answers["GET /containers/c1/archive"] = 404, {"message": "Could not find the file"}
    with pytest.raises(GoneError, match="Could not find the file"):
        docker.copy_out("c1", "/nowhere")


def network(**more: object) -> dict[str, Any]:
    pools = [{"Subnet": "198.18.0.0/24", "IPRange": "198.18.0.64/26"}, {"Subnet": "2001:2::/64"}]
    return {
        "Id": "0123456789abcdef",
        "Name": "lab",
        "Labels": {},
        "Options": None,
        "EnableIPv6": True,
        "IPAM": {"Config": pools},
        "Containers": {"c1": {"Name": "mx1"}},
        **more,
    }


@pytest.mark.parametrize(
    ("options", "bridge"),
    [(None, "br-0123456789ab"), ({"com.docker.network.bridge.name": "lab0"}, "lab0")],
)
def test_a_network(engine: Socket, docker: Docker, options: object, bridge: str) -> None:
    engine.answers["GET /networks/lab"] = 200, network(Options=options)
    pools = Pool("198.18.0.0/24", "198.18.0.64/26"), Pool("2001:2::/64")
    assert docker.network("lab") == Network("0123456789abcdef", "lab", {}, bridge, ipv6=True, pools=pools)


def test_a_network_is_emptied_before_it_is_removed(engine: Socket, docker: Docker) -> None:
    engine.answers |= {"GET /networks/lab": (200, network()), "POST /networks/lab/disconnect": (200, b"")}
    engine.answers["DELETE /networks/lab"] = 204, b""
    docker.remove_network("lab")
    assert engine.asked["POST /networks/lab/disconnect"] == {"Container": "mx1", "Force": True}
    docker.remove_network("gone")  # none there is fine
    engine.answers["DELETE /networks/lab"] = 403, {"message": "network lab has active endpoints"}
    with pytest.raises(BusyError, match="network lab has active endpoints"):
        docker.remove_network("lab")


def test_images(engine: Socket, docker: Docker) -> None:
    engine.answers["GET /images/json"] = 200, [{"RepoTags": ["a:1", "a:2"]}, {"RepoTags": None}]
    assert docker.images("a") == ["a:1", "a:2"]
    engine.answers["DELETE /images/a:1"] = 409, {"message": "image is being used by running container c1"}
    with pytest.raises(BusyError, match="is being used"):
        docker.remove_image("a:1")


def test_what_starts(engine: Socket, docker: Docker) -> None:
    engine.answers["GET /events"] = 200, {"id": "c1", "status": "start"}
    stream = docker.starts("a=b", 1.5)
    assert list(stream) == ["c1"]
    stream.close()
    assert "since=1&" in engine.asked["GET /events"]


def test_an_engine_that_goes_away(engine: Socket, docker: Docker) -> None:
    engine.away = True
    for ask in (docker.containers, lambda: docker.log("c1"), lambda: docker.execute("c1", ["true"])):
        with pytest.raises(LabError) as caught:
            ask()
        assert caught.value.hint
