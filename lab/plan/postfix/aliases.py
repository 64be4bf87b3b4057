"""The recipients that aliases make of one: virtual(5) as the message comes in, aliases(5) as it is delivered.

In: an address and a host's settings. Out: the addresses that take its place, None where no alias has it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lab.plan.postfix.keys import address_keys, first, split
from lab.servers.postfix.settings import Settings
from lab.servers.postfix.settings.maincf import words

Local = Callable[[str], bool]  # whether mail for a domain is delivered on this host by local(8)
INNER = ("|", "/", ":include:", "\\", '"')  # what else stands in aliases(5): a command, a file, a user himself
NESTING = 100  # deliver_alias() follows local aliases that far


class AliasLoopError(Exception):
    """Aliases that lead to no end: more than virtual_alias_recursion_limit, or too many addresses."""


@dataclass(frozen=True, slots=True)
class Aliased:
    """What an alias of local(8) leads to: ``away``, addresses for which a new message is made; ``kept`` here."""

    away: tuple[str, ...]
    kept: tuple[str, ...]


def virtual(address: str, settings: Settings, local: Local) -> tuple[str, ...] | None:
    """Return what virtual_alias_maps put in the place of *address*, after cleanup_map1n_internal().

    Every result is looked up again, until it has no entry or is the entry of itself. Raises AliasLoopError.
    """
    found = [address]
    done: set[str] = set()  # addresses that are their own alias
    for position, _ in enumerate(found):  # grows meanwhile
        if len(found) > settings.virtual_alias_expansion_limit:
            raise AliasLoopError
        nested = 0
        while found[position].lower() not in done:
            if nested >= settings.virtual_alias_recursion_limit:
                raise AliasLoopError
            nested += 1
            one = found[position]
            results = _virtual(one, settings, local)
            if not results:
                break
            found[position] = results[0]
            found += results[1:]
            if one.lower() in map(str.lower, results):
                done.add(one.lower())
    if found == [address] and not done:
        return None
    unique: dict[str, str] = {}
    for each in found:  # cleanup_out_recipient() takes each address once
        unique.setdefault(each.lower(), each)
    return tuple(unique.values())


def _virtual(address: str, settings: Settings, local: Local) -> list[str]:
    """Return the results of one lookup. A detail that the key left out goes onto each of them."""
    for key, detail in address_keys(address, settings, local):
        result = first(settings.virtual_alias_maps, key)
        if result is not None:
            kept = detail if "virtual" in settings.propagate_unmatched_extensions else ""
            user = address.rpartition("@")[0].removesuffix(detail)
            return [_complete(each, user, kept, settings) for each in words(result)]
    return []


def _complete(result: str, user: str, detail: str, settings: Settings) -> str:
    """Return a result as an address: "@domain" keeps the user, a bare user is at myorigin (append_at_myorigin)."""
    name, at, domain = result.rpartition("@")
    if not at:
        name, domain = domain, settings.myorigin
    return f"{name or user}{detail}@{domain}"


def aliased(address: str, settings: Settings, local: Local) -> Aliased | None:
    """Return what alias_maps make of a recipient of local(8), None where they have no entry (aliases(5))."""
    away: list[str] = []
    kept: list[str] = []
    if not _deliver(address, settings, local, (), away, kept):
        return None
    return Aliased(tuple(dict.fromkeys(away)), tuple(dict.fromkeys(kept)))


def _deliver(
    address: str, settings: Settings, local: Local, above: tuple[str, ...], away: list[str], kept: list[str]
) -> bool:
    """Follow one local recipient, as deliver_alias() does: one that names itself is the user of that name."""
    whole = address.rpartition("@")[0].lower()
    bare = split(whole, settings.recipient_delimiter)[0]
    for name in dict.fromkeys((whole, bare)):
        result = None if name in above[-1:] else first(settings.alias_maps, name)
        if result is None or len(above) > NESTING:
            continue
        for each in words(result):
            if each.startswith(INNER):
                kept.append(each)
                continue
            target = each if "@" in each else f"{each}@{settings.myorigin}"
            if not local(target.rpartition("@")[2]):
                away.append(target)
            elif not _deliver(target, settings, local, (*above, name), away, kept):
                kept.append(target)
        return True
    return False
