"""The policy delegation service (SMTPD_POLICY_README): Postfix asks, a rule answers, otherwise DUNNO.

A question is name=value lines and an empty line; so is the answer, ``action=...``. One connection has many.
"""

from __future__ import annotations

import asyncio

from scripted.log import Log, now
from scripted.policies import Policies

LARGEST = 65536  # bytes of a question
SHOWN = ("protocol_state", "server_address", "client_address", "sender", "recipient", "queue_id")


class PolicyService:
    """Answers the questions of Postfix hosts."""

    def __init__(self, policies: Policies, log: Log) -> None:
        """Only rules that fire are logged, as ``{"event": "policy", ...}``."""
        self._policies = policies
        self._log = log

    async def start(self, host: str, port: int) -> asyncio.Server:
        """Listen."""
        return await asyncio.start_server(self._connected, host, port, limit=LARGEST)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                question = await reader.readuntil(b"\n\n")
                writer.write(f"action={await self._answer(question)}\n\n".encode())
                await writer.drain()
                await asyncio.sleep(0)  # one that asks without pause does not keep the others waiting
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            pass  # Postfix closes when it has no more questions; whoever asks too much is not Postfix
        finally:
            writer.close()

    async def _answer(self, question: bytes) -> str:
        # LF alone ends a line: in a name that a stranger says, U+2028 is a character like others.
        lines = question.decode("utf-8", "replace").split("\n")
        attributes = {name: value for name, found, value in (line.partition("=") for line in lines) if found}
        standing = self._policies.fire(attributes)
        if standing is None:
            return "DUNNO"
        policy = standing.policy
        shown = {name: attributes.get(name, "") for name in SHOWN}
        self._log.write("policy", now(), id=standing.id, owner=policy.owner, action=policy.action, **shown)
        if policy.delay:
            await asyncio.sleep(policy.delay)
        return policy.action
