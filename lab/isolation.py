"""Takes this machine off the lab's network: no host can reach its services over IPv6.

The engine gives the bridge of an IPv6 network addresses, and the kernel adds one of its own (RFC 4291 2.5.6). Whoever
listens at [::] could be reached there. Between the hosts the bridge carries frames, and needs no address for that.

In: the lab's network, and an image with ip(8). Errors: MachineError with what the engine or ip(8) said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab import netns
from lab.errors import MachineError
from lab.hosts import LABEL
from lab.ipv6 import SWITCH

if TYPE_CHECKING:
    from docker import DockerClient

NAME = "com.docker.network.bridge.name"
# addrgenmode none: the kernel makes no new one (ip-link(8)). What is left would be printed, and is an error.
COMMAND = 'ip link set dev "$0" addrgenmode none && ip -6 addr flush dev "$0" && ! ip -6 addr show dev "$0" | grep .'


def isolate(docker: DockerClient, lab: str, tools: str) -> None:
    """Take every IPv6 address from the bridge of a lab's network; done twice it does no harm.

    In a short container in the engine's own network namespace, which may be on another machine than this one.
    """
    for network in docker.api.networks(filters={"label": [f"{LABEL}={lab}", "mail-lab.slot"]}):
        if not network["EnableIPv6"]:
            continue
        bridge = (network["Options"] or {}).get(NAME) or f"br-{network['Id'][:12]}"
        try:
            netns.run(docker, lab, tools, netns.MACHINE, "sh", "-c", COMMAND, bridge)
        except netns.RefusedError as error:
            raise MachineError(
                f"the lab's hosts could reach this machine over IPv6: the addresses of {bridge} stay. {error.args[0]}",
                hint=f"`lab down`, then `{SWITCH}=0 lab up` makes a lab without IPv6",
            ) from error
