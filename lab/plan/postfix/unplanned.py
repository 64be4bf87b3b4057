"""Where a plan leaves off: what a host's settings have that the plan does not follow.

In: a host's settings, and how far the message is. Out: :class:`Unplanned`, None where all is planned.
The parameters themselves are in :mod:`lab.servers.postfix.settings.unplanned`.
"""

from __future__ import annotations

from collections.abc import Iterable

from lab.plan.postfix.keys import first
from lab.route.plan import Unplanned
from lab.servers.postfix.settings import Settings
from lab.servers.postfix.settings.unplanned import UNPLANNED, At

UNREAD = "What it says cannot be read here."
KNOWN = "socketmap:"  # the lab's own table: see lab.plan.postfix.explain
ACTIONS = {
    "FILTER": ("It hands messages that fit to a content filter.", "access(5), header_checks(5): FILTER"),
    "REDIRECT": ("It sends messages that fit to another recipient.", "access(5), header_checks(5): REDIRECT"),
}
PROGRAMS = ("|", '"|', ":include:")  # what an alias leads to without an address in it


def unplanned(at: At, settings: Settings, keys: Iterable[str] = ()) -> Unplanned | None:
    """Return the first thing that is not planned when a message comes to *at*. *keys*: of its recipient, in tables."""
    looked_up = tuple(keys)
    for name, (value, tables) in settings.unplanned.items():
        entry = UNPLANNED[name]
        if entry.at != at:
            continue
        hit = any(not table.readable or first((table,), key) is not None for table in tables for key in looked_up)
        if entry.keyed and not hit:
            continue
        return Unplanned(f"{name} = {value}", entry.why, entry.rule)
    return None


def checked(settings: Settings, *, at_smtpd: bool) -> Unplanned | None:
    """Return the first check, of smtpd(8) or of cleanup(8), that may send a message elsewhere."""
    for name, action in settings.acting:
        of_cleanup = name.endswith("header_checks") or name == "body_checks"
        if at_smtpd != of_cleanup:
            return Unplanned(f"{name}: {action}", *ACTIONS[action])
    return None


def unread(settings: Settings, names: Iterable[str]) -> Unplanned | None:
    """Return the first of the tables *names* that cannot be read here."""
    for each in settings.unread:
        parameter, _, table = each.partition(" = ")
        if parameter in names and not table.startswith(KNOWN):
            return Unplanned(each, UNREAD, "postconf(5)")
    return None


def altered(settings: Settings) -> Unplanned | None:
    """Return the first parameter that cleanup(8) or the like has of its own."""
    for program, name in settings.altered:
        return Unplanned(f"-o {name} of {program} in master.cf", "It holds in place of main.cf's.", "master(5)")
    return None
