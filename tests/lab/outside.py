"""What is outside of a lab: this machine, a neighbour on its network, another lab; and whoever tries to get there.

Everything runs in short containers beside the engine, so that it works where the engine is, as the lab itself does.
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from lab import Lab
from lab.engine import netns
from lab.engine.protocol import beside

NEIGHBOUR, ROUTER = "198.51.100.2", "198.51.100.1"  # TEST-NET-2 (RFC 5737): the neighbour, and this machine there
LISTEN = """
import selectors, socket, sys
from pathlib import Path

family = socket.AF_INET6 if Path("/proc/net/if_inet6").exists() else socket.AF_INET
tcp = socket.create_server(("", 0), family=family, dualstack_ipv6=family is socket.AF_INET6)
udp = socket.socket(family, socket.SOCK_DGRAM)
if family is socket.AF_INET6:
    udp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
udp.bind(("", tcp.getsockname()[1]))
print(tcp.getsockname()[1], flush=True)
found = selectors.DefaultSelector()
found.register(tcp, selectors.EVENT_READ)
found.register(udp, selectors.EVENT_READ)
while True:
    for key, _ in found.select():
        if key.fileobj is tcp:
            print("tcp", tcp.accept()[1][0], flush=True)
        else:
            print("udp", udp.recv(99).decode(), flush=True)
"""
"""Prints a free port, and from then on who connects to it, and which datagrams come."""

TRY = r"""
import errno, json, selectors, socket, struct, subprocess, sys, time
from pathlib import Path

who, hops, targets = json.loads(sys.argv[1])  # targets: address to port
devices = [each.name for each in Path("/sys/class/net").iterdir() if each.name != "lo"]


def ip(verb, device, hop):
    lines = []
    for target in targets:
        if not target.startswith(("ff", "255.")):
            lines += [f"neigh {verb} {target} lladdr {hop} dev {device} nud permanent"]
            lines += [f"route {verb} {target} dev {device} metric 1"] if not target.startswith("fe80") else []
    subprocess.run(["ip", "-force", "-batch", "-"], input="\n".join(lines).encode(), capture_output=True)


def where(target, device):
    if ":" in target:
        return socket.AF_INET6, (target, targets[target], 0, socket.if_nametoindex(device))
    return socket.AF_INET, (target, targets[target])


def attempts(device):
    for target in targets:
        family, address = where(target, device)
        for kind in ("tcp", "udp", "icmp"):
            number = socket.IPPROTO_ICMPV6 if family is socket.AF_INET6 else socket.IPPROTO_ICMP
            sending = {
                "tcp": lambda: socket.socket(family),
                "udp": lambda: socket.socket(family, socket.SOCK_DGRAM),
                "icmp": lambda: socket.socket(family, socket.SOCK_RAW, number),
            }[kind]()
            sending.setblocking(False)
            sending.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
            sending.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            try:
                if kind == "tcp":
                    if sending.connect_ex(address) != errno.EINPROGRESS:  # this kernel's own answer
                        continue
                elif kind == "udp":
                    sending.sendto(f"{who} {target}".encode(), address)
                else:
                    echo = struct.pack("!BBHHH", 128 if family is socket.AF_INET6 else 8, 0, 0, 1, 1)
                    checksum = struct.pack("!H", ~sum(struct.unpack("!4H", echo)) & 0xFFFF)  # RFC 1071
                    sending.sendto(echo[:2] + checksum + echo[4:], (address[0], 0, *address[2:]))
            except OSError:
                continue
            yield sending, kind, target


def answered(sending, kind):
    if kind == "tcp":
        return sending.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) in (0, errno.ECONNREFUSED)
    if kind == "icmp":
        packet = sending.recv(99)
        return packet[20 if sending.family is socket.AF_INET else 0] in (0, 129)  # echo reply
    return False


for device in devices:
    for hop in hops:
        ip("replace", device, hop)
        waiting = selectors.DefaultSelector()
        for sending, kind, target in attempts(device):
            waiting.register(sending, selectors.EVENT_WRITE if kind == "tcp" else selectors.EVENT_READ, (kind, target))
        end = time.monotonic() + 0.5
        while (left := end - time.monotonic()) > 0 and waiting.get_map():
            for key, _ in waiting.select(left):
                if answered(key.fileobj, key.data[0]):
                    print(*key.data)
                waiting.unregister(key.fileobj)
        ip("del", device, hop)
"""
"""Tries to reach each target with TCP, UDP and ICMP by each interface and each MAC address; prints who has answered.

It needs no route and no ARP: it has all that a process with NET_ADMIN and NET_RAW may give itself.
"""

CALL = r"""
import socket, subprocess, sys

outside, published, inner = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
for line in (
    "addr del 127.0.0.1/8 dev lo",
    "addr add 198.51.100.2/30 dev eth0",
    "link set dev eth0 up",
    "route replace default via 198.51.100.1",
    "route replace 127.0.0.1/32 via 198.51.100.1 src 198.51.100.2",
):
    subprocess.run(["ip", *line.split()], capture_output=True)
for address, port in ((outside, inner), ("127.0.0.1", published)):
    try:
        with socket.create_connection((address, port), timeout=2) as connection:
            print(address, connection.recv(3).decode())
    except OSError:
        pass
"""
"""A neighbour who sends packets to this machine, for the gateway and for 127.0.0.1; prints who has greeted it."""


class Listener:
    """A container that listens at all its addresses."""

    def __init__(self, lab: Lab, container: str, address: str) -> None:
        self.id = container
        self._lab = lab
        self._address = address  # one of its own
        self._read = 0  # lines that have been read
        self.port = int(self._until("\n")[0])

    def heard(self) -> list[str]:
        """Return what has come since the last call: with its own datagram, all is there that was sent before."""
        end = uuid.uuid4().hex
        tell = f"import socket; socket.socket(2, 2).sendto(b'{end}', ('{self._address}', {self.port}))"
        netns.run(self._lab.engine, self._lab.name, image(self._lab), beside(self.id), "python3", "-c", tell)
        return self._until(end)[:-1]

    def _until(self, word: str) -> list[str]:
        deadline, pause = time.monotonic() + 20, threading.Event()
        while word not in (text := self._lab.docker.api.logs(self.id).decode()):
            assert time.monotonic() < deadline, f"{self.id} has not heard {word!r}: {text}"
            pause.wait(0.02)
        lines: list[str] = text.splitlines()[self._read :]
        self._read += len(lines)
        return lines


def image(lab: Lab) -> str:
    """Return an image with ip(8) and Python."""
    return lab.hosts["scripted"].image


@contextmanager
def listener(lab: Lab, network: str, address: str = "127.0.0.1") -> Iterator[Listener]:
    """Listen on all addresses of "host", which is the engine's machine, of "none", or in a network."""
    container = lab.docker.containers.run(
        image(lab),
        ["timeout", "500", "python3", "-c", LISTEN],
        detach=True,
        network=network,
        labels={"mail-lab.name": lab.name},
        sysctls={} if network == "host" else {"net.ipv4.conf.all.route_localnet": "1"},  # for 127.0.0.1 by a wire
    )
    try:
        yield Listener(lab, str(container.id), address)
    finally:
        container.remove(force=True)


@contextmanager
def neighbour(lab: Lab) -> Iterator[Listener]:
    """Put somebody on this machine's network, who listens; whoever removes a network namespace removes its links."""
    with listener(lab, "none", NEIGHBOUR) as found:
        pid = lab.docker.api.inspect_container(found.id)["State"]["Pid"]
        lines = (
            f"ip link add labneighbour type veth peer name eth0 netns {pid}"
            f" && ip addr add {ROUTER}/30 dev labneighbour && ip link set dev labneighbour up"
        )
        _machine(lab, "sh", "-c", lines)
        call(lab, found, "127.0.0.1", 1, 1)  # its own address, and the way back
        yield found


def call(lab: Lab, who: Listener, outside: str, published: int, inner: int) -> list[str]:
    """Let the neighbour connect to the gateway's address *outside*, and to 127.0.0.1; returns who has greeted it."""
    command = ["python3", "-c", CALL, outside, str(published), str(inner)]
    return netns.run(lab.engine, lab.name, image(lab), beside(who.id), *command).splitlines()


def reached(lab: Lab, container: str, who: str, hops: Sequence[str], targets: Mapping[str, int]) -> list[str]:
    """Return what of *targets* (address to port) answers to somebody in the place of a container.

    Who is there may do all that a network allows, and sends to each MAC address of *hops*. Each datagram has *who*.
    """
    found: bytes = lab.docker.containers.run(
        image(lab),
        ["python3", "-c", TRY, json.dumps([who, hops, targets])],
        network_mode=beside(container),
        cap_drop=["ALL"],
        cap_add=["NET_ADMIN", "NET_RAW"],
        labels={"mail-lab.name": lab.name},
        remove=True,
    )
    return sorted(found.decode().splitlines())


def machine(lab: Lab) -> tuple[dict[str, str], list[str]]:
    """Return the MAC address of each interface of the engine's machine, and all its addresses but the loopback ones.

    The addresses that the kernel gives to each link of a container are those of the whole kind.
    """
    links = json.loads(_machine(lab, "ip", "-json", "addr"))
    addresses = {
        each["local"]
        for link in links
        for each in link["addr_info"]
        if link["ifname"] != "lo" and not (each["local"].startswith("fe80") and link["ifname"].startswith("veth"))
    }
    return {link["ifname"]: link.get("address", "") for link in links}, sorted(addresses)


def _machine(lab: Lab, *command: str) -> str:
    found: bytes = lab.docker.containers.run(
        image(lab),
        list(command),
        network_mode="host",
        pid_mode="host",
        cap_drop=["ALL"],
        cap_add=["NET_ADMIN", "SYS_PTRACE"],  # the second to open another process's namespace
        labels={"mail-lab.name": lab.name},
        remove=True,
    )
    return found.decode()
