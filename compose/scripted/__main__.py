"""Starts the scripted host: ``python3 -m scripted``.

Environment: LAB_SCRIPTED, the addresses it answers at ("198.18.8.0/22"); LAB_SUBNET6, the lab's IPv6 network
("2001:2:0:0::/64"), in which it answers at as many if it has an address there; LAB_SCRIPTED_CERTIFICATE, a file with
certificate and key for STARTTLS; LAB_TOKEN, the word that opens the control API. Exit status 2: one of them is wrong,
or the kernel refuses what is needed.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import ssl
import sys
from ipaddress import IPv4Network, IPv6Network

from dnszone.control import TOKEN
from dnszone.problem import RefusedError
from scripted.answering import Answering, has_ipv6, route
from scripted.firewall import Nftables
from scripted.host import Ports, running
from scripted.log import Log, now
from scripted.places import Places


async def _run(network: IPv4Network, places: Places, tls: ssl.SSLContext, token: str) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):  # as PID 1 it must ask for them (kill(2), NOTES)
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await route(network)
    log, ports = Log(), Ports()
    firewall, answer = Nftables(ports.smtp, places.address6), Answering(places).at
    async with running(places, firewall, answer, log, hostname=socket.gethostname(), tls=tls, ports=ports, token=token):
        log.write("ready", now(), range=str(network), ipv6=bool(places.all6()))
        await stop.wait()


def main() -> int:
    """Run until SIGTERM."""
    try:
        network = IPv4Network(os.environ.get("LAB_SCRIPTED", ""))
        net6 = IPv6Network(os.environ.get("LAB_SUBNET6", ""))
        places = Places(network, net6 if has_ipv6(net6) else None)
    except ValueError as error:
        print(f"LAB_SCRIPTED, LAB_SUBNET6: {error}; e.g. 198.18.8.0/22 and 2001:2:0:0::/64", file=sys.stderr)
        return 2
    token = os.environ.get(TOKEN, "")
    if not token:
        print(f"{TOKEN} is missing; set it to a word that whoever uses the control API must know", file=sys.stderr)
        return 2
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate = os.environ.get("LAB_SCRIPTED_CERTIFICATE", "")
    try:
        tls.load_cert_chain(certificate)
    except OSError as error:
        print(f"LAB_SCRIPTED_CERTIFICATE={certificate}: {error}; name a PEM file", file=sys.stderr)
        return 2
    try:
        asyncio.run(_run(network, places, tls, token))
    except (RefusedError, OSError) as error:
        print(f"the scripted host cannot start: {error}", file=sys.stderr)
        print(getattr(error, "hint", "is another server on its ports?"), file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
