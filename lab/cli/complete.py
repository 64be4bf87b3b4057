"""What the shell offers when a user presses Tab. Nothing is offered where the lab cannot be asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import typer

from lab.cli import names

Offer = Callable[[typer.Context, str], list[str]]


def _offered(ask: Callable[[str], Iterable[str]]) -> Offer:
    """Return a completion that asks for words, given the name of the lab."""

    def complete(ctx: typer.Context, incomplete: str) -> list[str]:
        lab = ctx.params.get("lab") or ctx.find_root().params.get("lab") or names.DEFAULT
        try:
            return sorted(word for word in ask(lab) if word.startswith(incomplete))
        except Exception:  # noqa: BLE001  a message in the middle of a command line that is being typed helps nobody
            return []

    return complete


def _labs(_: str) -> Iterable[str]:
    from lab.cli import attach

    return attach.labs(attach.engine().client())


def _hosts(lab: str) -> Iterable[str]:
    from lab.cli import attach

    return attach.world(lab).hosts()


def _users(_: str) -> Iterable[str]:
    from lab.world import users

    return users.passwords()


def _zones(lab: str) -> Iterable[str]:
    from lab.cli import attach

    with attach.dns(lab) as (_, dns):
        return [zone["origin"] for zone in dns.zones()]


def faults(ctx: typer.Context, incomplete: str) -> list[str]:
    """Offer what can be made wrong at the host that stands before it, or in the DNS."""
    from lab.cli import fault_kinds

    return [word for word in fault_kinds.words(ctx.params.get("name")) if word.startswith(incomplete)]


labs, hosts, users, zones = (_offered(ask) for ask in (_labs, _hosts, _users, _zones))
