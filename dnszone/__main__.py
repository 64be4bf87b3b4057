"""python3 -m dnszone: the fake DNS server; python3 -m dnszone check FILE...: checks zone files.

Variables of the zone files ($MX1) are the environment's variables that are addresses. LAB_TOKEN is the word that opens
the HTTP API (dnszone.control). Exit codes: 0 done; 1 a checked
file has errors; 2 the server cannot start, or the command line is wrong.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from dnszone import world
from dnszone.problem import InvalidError
from dnszone.zone import Zone

ALL = ("0.0.0.0", "::")  # noqa: S104  the container has the lab's network only


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="dnszone", description="The fake DNS of the mail-routing lab.")
    parser.add_argument("--zones", type=Path, metavar="DIR", help="folder of the zones to start with (*.zone)")
    parser.add_argument("--host", action="append", help="address to listen at; default: all")
    for name, port, use in (
        ("port", 53, "DNS"),
        ("http-port", 8053, "the HTTP API"),
        ("socketmap-port", 4380, "Postfix"),
    ):
        parser.add_argument(f"--{name}", type=int, default=port, help=f"port for {use}; default: {port}")
    commands = parser.add_subparsers(dest="command", metavar="check")
    check = commands.add_parser("check", help="check zone files, each named after its zone: dest.test.zone")
    check.add_argument("files", type=Path, nargs="+", metavar="FILE")
    options = parser.parse_args(arguments)
    return check_files(options.files) if options.command == "check" else start(options)


def check_files(files: Sequence[Path]) -> int:
    """Print for each file that its zone is good, or everything that is wrong with it."""
    code = 0
    for file in files:
        try:
            zone = world.load_file(file, world.variables(os.environ))
        except InvalidError as error:
            print(error)
            print(f"zone {file.stem}/IN: not loaded due to errors")
            code = 1
        else:
            print(f"zone {zone.origin.rstrip('.')}/IN: loaded {len(zone.records)} records\nOK")
    return code


def start(options: argparse.Namespace) -> int:
    """Serve until SIGTERM or SIGINT."""
    from dnszone.control import TOKEN

    if not os.environ.get(TOKEN):
        print(
            f"dnszone: {TOKEN} is missing; set it to a word that whoever uses the HTTP API must know", file=sys.stderr
        )
        return 2
    try:
        zones = world.load(options.zones, world.variables(os.environ)) if options.zones else []
    except InvalidError as error:
        print(error, file=sys.stderr)
        return 2
    try:
        asyncio.run(_serve(zones, options))
    except OSError as error:
        print(f"dnszone: {error.strerror}", file=sys.stderr)
        return 2
    return 0


async def _serve(zones: list[Zone], options: argparse.Namespace) -> None:
    from dnszone.control import TOKEN
    from dnszone.log import Log
    from dnszone.server import Ports, serve

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):  # PID 1 has no default action for them
        loop.add_signal_handler(number, stop.set)
    hosts = options.host or [host for host in ALL if host != "::" or _has_ipv6()]
    ports = Ports(options.port, options.http_port, options.socketmap_port)
    async with serve(zones, hosts, ports, Log(), os.environ[TOKEN]):
        await stop.wait()


def _has_ipv6() -> bool:
    """Return whether this machine has IPv6 at all."""
    return Path("/proc/net/if_inet6").exists()


if __name__ == "__main__":
    sys.exit(main())
