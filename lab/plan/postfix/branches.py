"""The branches of a plan: other recipients that a host makes of one, at its cleanup(8), local(8) or mail store.

In: the recipient at a host and the host's settings, or its mail store's scripts. Out: :class:`Branch` values, still
without the plans of what happens to them.
"""

from __future__ import annotations

from lab.plan.postfix.aliases import Aliased
from lab.plan.postfix.keys import split
from lab.plan.sieve import redirects
from lab.route.plan import Branch
from lab.servers.dovecot.store import Store

REPLACED = "Replaced as the message comes in, in the same queue file and before it is routed."
FORWARDED = "local(8) makes a new message of it, with a queue id of its own."
SIEVED = "The recipient's Sieve script sends it on: the mail store hands it to its submission host."
PERHAPS = "The recipient's Sieve script sends it on if the message is as a test of it says."


def virtual_branches(addresses: tuple[str, ...], host: str) -> tuple[Branch, ...]:
    """Return the branches of virtual(5), for the addresses that come out of an alias."""
    rule = "virtual_alias_maps; virtual(5)"
    return tuple(Branch(each, host, "virtual_alias_maps", True, REPLACED, rule) for each in addresses)


def local_branches(aliased: Aliased, host: str) -> tuple[Branch, ...]:
    """Return the branches of aliases(5), for the addresses that are not delivered on the host itself."""
    rule = "alias_maps; RFC 5321 3.9.1"
    return tuple(Branch(each, host, "alias_maps", True, FORWARDED, rule) for each in aliased.away)


def sieve_branches(recipient: str, store: Store, outlet: str, port: int, delimiters: str) -> tuple[Branch, ...]:
    """Return the branches of the recipient's script. *outlet*: lab name of the store's submission host, at a *port*.

    None for user+detail: the lab's mail store files such mail before the user's own script has its turn.
    """
    user, _, domain = recipient.lower().rpartition("@")
    bare, detail = split(user, delimiters)
    script = store.scripts.get(f"{bare}@{domain}")
    if script is None or detail:
        return ()
    rule = "RFC 5228 4.2; submission_host"
    return tuple(
        Branch(each.address, outlet, "sieve", each.certain, SIEVED if each.certain else PERHAPS, rule, port=port)
        for each in redirects(script)
    )
