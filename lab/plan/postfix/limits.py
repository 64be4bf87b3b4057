"""The limits that cut a list of addresses before the first connection.

They are smtp_mx_address_limit and, where both families are there, smtp_balance_inet_protocols.

smtp_mx_session_limit is none of them: it counts sessions while they happen (see lab.plan.postfix.consequences).
"""

from __future__ import annotations

from dataclasses import replace

from lab.route.plan import Exclusion, Group, Target
from lab.servers.postfix.settings import Settings


def limited(groups: tuple[Group, ...], settings: Settings) -> tuple[tuple[Group, ...], tuple[Exclusion, ...]]:
    """Return the groups that are tried, the last one perhaps in part, and what lies beyond the limit."""
    limit = settings.smtp_mx_address_limit
    left = _shares([target for group in groups for target in group.targets], limit, settings)
    kept: list[Group] = []
    excluded: list[Exclusion] = []
    for group in groups:
        counts = {family: sum(_family(target) == family for target in group.targets) for family in left}
        room = sum(min(counts[family], left[family]) for family in left)
        at_most = room if not limit else min(room, limit - sum(each.at_most for each in kept))
        # A target is out for certain only when nothing of its family is left when its group's turn comes.
        out = [target for target in group.targets if left[_family(target)] == 0 or at_most == 0]
        excluded += [_beyond(target, limit) for target in out]
        inside = tuple(target for target in group.targets if target not in out)
        if inside:
            kept.append(_partly(replace(group, targets=inside), at_most))
        left = {family: max(0, left[family] - counts[family]) for family in left}
    return tuple(kept), tuple(excluded)


def _shares(targets: list[Target], limit: int, settings: Settings) -> dict[str, int]:
    """Return how many addresses of each family may be tried, as smtp_balance_inet_proto() does."""
    count = {family: sum(_family(target) == family for target in targets) for family in ("ipv4", "ipv6")}
    total = sum(count.values())
    if limit == 0 or total <= limit:
        return count
    if not all(count.values()) or not settings.smtp_balance_inet_protocols:
        return {family: min(number, limit) for family, number in count.items()}
    half = limit // 2
    if count["ipv6"] <= half:
        return {"ipv4": limit - count["ipv6"], "ipv6": count["ipv6"]}
    if count["ipv4"] <= half:
        return {"ipv4": count["ipv4"], "ipv6": limit - count["ipv4"]}
    # An odd place goes to the family of the first address, which may be random: each may have it.
    return {"ipv4": limit - half, "ipv6": limit - half}


def _family(target: Target) -> str:
    return "ipv6" if ":" in target.address else "ipv4"


def _partly(group: Group, at_most: int) -> Group:
    if at_most >= len(group.targets):
        return replace(group, at_most=len(group.targets))
    why = f"{group.why} {at_most} of these {len(group.targets)} fit into the limit."
    return replace(group, at_most=at_most, why=why, rule=f"{group.rule}; smtp_mx_address_limit")


def _beyond(target: Target, limit: int) -> Exclusion:
    why = f"one try goes to {limit} addresses at most, and those before it fill the limit"
    return Exclusion(target.host, target.name, target.address, why, "smtp_mx_address_limit")
