from __future__ import annotations

import pytest

from lab.engine.explain import StoppedError, UnreachableError, explain
from lab.errors import MachineError

# the words of Docker Engine 20.10 to 28, Compose 2 and Docker Desktop
MEANINGS = [
    ("Bind for 127.0.0.1:25011 failed: port is already allocated", "port 25011 on 127.0.0.1 is taken"),
    (
        "driver failed programming external connectivity on endpoint gateway (419f): Error starting userland proxy: "
        "listen tcp4 127.0.0.1:25997: bind: address already in use",
        "port 25997 on 127.0.0.1 is taken",
    ),
    (
        "failed to bind host port for 127.0.0.1:25011:172.17.0.2:25/tcp: address already in use",
        "port 25011 on 127.0.0.1 is taken",
    ),
    ("failed to bind host port 127.0.0.1:25012/tcp: address already in use", "port 25012 on 127.0.0.1 is taken"),
    ("failed to bind host port for [::1]:25013:172.17.0.2:25/tcp: address already in use", "port 25013 on"),
    (
        "Ports are not available: exposing port TCP 127.0.0.1:25087 -> 0.0.0.0:0: listen tcp 127.0.0.1:25087: bind",
        "port 25087 on 127.0.0.1 is taken",
    ),
    (
        "failed to create network lab: Error response from daemon: Pool overlaps with other one on this address space",
        "the lab's network is taken by another Docker network",
    ),
    (
        "cannot create network 6f (br-6f): conflicts with network 7a (br-7a): networks have overlapping IPv4",
        "the lab's network is taken by another Docker network",
    ),
    ("could not find an available, non-overlapping IPv4 address pool among the defaults", "network is taken"),
    ("all predefined address pools have been fully subnetted", "network is taken"),
    (
        "failed to create endpoint own on network mail-lab-main_lab: adding interface veth724c206 to bridge br-6f "
        "failed: exchange full",
        "the lab's network takes no more hosts: a Linux bridge has 1,023 ports",
    ),
    (
        "Error response from daemon: Cannot read IPv6 setup for bridge br-6f: open "
        "/proc/sys/net/ipv6/conf/br-6f/disable_ipv6: no such file or directory",
        "this Docker engine cannot make a network with IPv6 (Cannot read IPv6 setup for bridge br-6f: open",
    ),
    ("write /var/lib/docker/tmp/x: no space left on device", "no space left on the disk that Docker uses"),
    (
        'Conflict. The container name "/lab-mx1" is already in use by container "14ef"',
        "another container has the name lab-mx1",
    ),
    (
        "Got permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock",
        "no permission on its socket",
    ),
    (
        "Error while fetching server API version: ('Connection aborted.', PermissionError(13, 'Permission denied'))",
        "no permission on its socket",
    ),
    ('unable to resolve docker endpoint: context "nope": context not found: open /x', "no Docker context 'nope'"),
    ("API versions below 1.24 are no longer supported by this library.", "this Docker engine is too old"),
    ("E: Temporary failure resolving 'mirror.example'", "cannot reach the Debian mirror mirror.example"),
    ("Err:1 http://mirror.example trixie InRelease\n  Could not connect to mirror.example:80", "mirror mirror.example"),
    ("pull access denied for nosuch/image, repository does not exist or may require", "no image nosuch/image,"),
    ("manifest for debian:nope not found: manifest unknown", "there is no image debian:nope,"),
    ("E: You don't have enough free space in /var/cache/apt/archives/.", "no space left on the disk"),
    (
        "#5 ERROR: executor failed running [/bin/sh -c dd of=x]: exit code: 1\n------\n"
        "error writing 'x': No space left on device\n0.6 65+0 records in\n------\nfailed to solve: executor failed",
        "no space left on the disk",
    ),
    ("Invalid bind address protocol: ftp://x", "ftp://x is not an address of a Docker engine"),
    ("Invalid bind address format: tcp://", "tcp:// is not an address of a Docker engine"),
    ("Install paramiko package to enable ssh:// support", "the Python package paramiko is missing"),
    ("Error: No such image: debian:trixie-slim", "there is no image debian:trixie-slim,"),
    (
        "failed to resolve source metadata for some.example/debian:nope: some.example/debian:nope: not found",
        "there is no image some.example/debian:nope,",
    ),
]
STOPPED = [
    "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
    "error during connect: this error may indicate that the docker daemon is not running",
    "Error while fetching server API version: ('Connection aborted.', FileNotFoundError(2, 'No such file'))",
    "Error while fetching server API version: ('Connection aborted.', ConnectionRefusedError(111, 'refused'))",
]
UNREACHABLE = [
    'Get "https://registry.example/v2/": dial tcp: lookup registry.example on 192.0.2.53:53: no such host',
    'Get "https://registry.example/v2/": net/http: request canceled (Client.Timeout exceeded while awaiting headers)',
    'Get "https://registry.example/v2/": x509: certificate signed by unknown authority',
    'Get "https://registry.example/v2/": net/http: TLS handshake timeout',
    "proxyconnect tcp: dial tcp 192.0.2.1:3128: connect: connection refused",
    "debian:trixie-slim: failed to resolve source metadata for debian: failed to do request: Head: dial tcp: lookup",
    "toomanyrequests: You have reached your pull rate limit.",
]


@pytest.mark.parametrize(("text", "cause"), MEANINGS)
def test_each_text_has_its_cause_and_a_next_step(text: str, cause: str) -> None:
    error = explain(text)
    assert cause in str(error.args[0])
    assert error.hint
    assert type(error) is MachineError


@pytest.mark.parametrize("text", STOPPED)
def test_a_stopped_engine_is_an_error_of_its_own(text: str) -> None:
    assert isinstance(explain(Exception(text)), StoppedError)


@pytest.mark.parametrize("text", UNREACHABLE)
def test_an_unreachable_registry_is_an_error_of_its_own(text: str) -> None:
    error = explain(text)
    assert isinstance(error, UnreachableError)
    assert error.hint


def test_a_taken_port_names_the_ways_to_find_who_has_it() -> None:
    hint = explain("Bind for 127.0.0.1:25011 failed: port is already allocated").hint
    assert hint is not None
    assert "publish=25011" in hint
    assert "sport = :25011" in hint
    assert "LAB_SLOT" in hint


def test_a_full_disk_counts_before_what_follows_from_it() -> None:
    text = "no space left on device\nfailed to do request: dial tcp\nCannot connect to the Docker daemon"
    assert "no space left" in str(explain(text))


def test_a_missing_command_in_a_build_is_no_missing_image() -> None:
    text = "Step 3/4 : RUN nonsense\n/bin/sh: 1: nonsense: not found"
    assert explain(text).args[0] == text


def test_an_unknown_text_is_the_cause_as_it_is() -> None:
    error = explain("\n".join(f"line {number}" for number in range(20)))
    assert str(error.args[0]).splitlines() == [f"line {number}" for number in range(10, 20)]
    assert error.hint


def test_an_error_without_a_text_says_its_name() -> None:
    assert "KeyError" in str(explain(KeyError()))


def test_a_lab_error_stays_as_it_is() -> None:
    error = MachineError("cause")
    assert explain(error) is error
