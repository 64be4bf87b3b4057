"""The scripts that stand, by place: each holds for both addresses of one."""

from __future__ import annotations

import asyncio

from scripted.firewall import Firewall, by_kernel
from scripted.script import Playbook, Script

GOOD = Playbook(Script())  # it has no rules, so nothing in it changes


class Scripts:
    """One script for a place at most; without one it is a good MTA's. Places are called by their IPv4 address."""

    def __init__(self, firewall: Firewall) -> None:
        """*firewall* carries out what scripts say about connections."""
        self._firewall = firewall
        self._playbooks: dict[str, Playbook] = {}
        self._lock = asyncio.Lock()  # the firewall takes all rules at once

    def at(self, address: str) -> Playbook:
        """Return what is played at an address."""
        return self._playbooks.get(address, GOOD)

    def standing(self, address: str) -> Script | None:
        """Return the script at an address, None if nobody put one there."""
        playbook = self._playbooks.get(address)
        return None if playbook is None else playbook.script

    async def put(self, address: str, script: Script) -> None:
        """Let *script* stand, all of its rules unfired. RefusedError if the firewall fails; nothing changes then."""
        async with self._lock:
            await self._change({**self._playbooks, address: Playbook(script)})

    async def remove(self, *addresses: str) -> None:
        """Let addresses be good MTAs again."""
        async with self._lock:
            gone = set(addresses)
            await self._change({each: book for each, book in self._playbooks.items() if each not in gone})

    async def _change(self, playbooks: dict[str, Playbook]) -> None:
        rules = {address: playbook.script.connect for address, playbook in playbooks.items()}
        await self._firewall.apply({address: each for address, each in rules.items() if any(map(by_kernel, each))})
        self._playbooks = playbooks
