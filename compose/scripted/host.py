"""The scripted host as a whole: its three services, put together and started."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

from dnszone.control import LOGGER
from scripted.api import Answer, Api
from scripted.firewall import Firewall
from scripted.leases import Leases
from scripted.log import Log
from scripted.places import Places
from scripted.policies import Policies
from scripted.policy import PolicyService
from scripted.scripts import Scripts
from scripted.server import Server
from scripted.store import Store


@dataclass(frozen=True, slots=True)
class Ports:
    """The TCP ports of the services; 0 takes any that is free."""

    smtp: int = 25
    api: int = 8025
    policy: int = 10040


@asynccontextmanager
async def running(
    places: Places,
    firewall: Firewall,
    answer: Answer,
    log: Log,
    *,
    hostname: str,
    tls: ssl.SSLContext,
    bind: str = "0.0.0.0",  # noqa: S104  # every address of the range, and the host's own
    ports: Ports = Ports(),
    token: str,
) -> AsyncIterator[Ports]:
    """Run all services while the block lasts; give the ports they have. *token* opens the API (dnszone.control)."""
    store, policies = Store(log, places), Policies()
    scripts = Scripts(firewall)
    await firewall.apply({})  # nothing of an earlier process stands
    server = Server(scripts.at, store, places, hostname=hostname, tls=tls)
    api = Api(Leases(places), places, answer, scripts, policies, store, server)
    runner = web.AppRunner(api.application(token), access_log=None, logger=LOGGER, shutdown_timeout=0.1)
    smtp = await server.start([bind, "::"] if places.all6() else [bind], ports.smtp)
    policy = await PolicyService(policies, log).start(bind, ports.policy)
    try:
        await runner.setup()
        await web.TCPSite(runner, bind, ports.api).start()
        yield Ports(
            _port(smtp.sockets[0].getsockname()), _port(runner.addresses[0]), _port(policy.sockets[0].getsockname())
        )
    finally:
        smtp.close()
        policy.close()
        await runner.cleanup()


def _port(name: tuple[str, int]) -> int:
    return name[1]
