"""What `lab fault add` can make wrong, for its help and for completion: from the registries of kinds."""

from __future__ import annotations

from collections.abc import Iterator

from lab.cli import key_values

DNS = "dns"
SCOPE = ("name", "type", "client", "transport", "first", "from", "to")  # of a fault in the DNS


def listed() -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Yield a title, and what can be written with what it does, of each place at which something can be wrong."""
    from dnszone import faults as dns
    from lab.faults import keys, reply

    at_hosts = [
        (key_values.write({key: kind.example}), kind.help)
        for key in keys.KEYS
        for kind in keys.kinds(key).values()
        if kind.standing
    ]
    yield "At a host, one of these", at_hosts
    yield "At an MX", [(key_values.write({key: reply.EXAMPLE}), f"its answer at {key}") for key in reply.KEYS]
    in_dns = [(key_values.write({"kind": name, **kind.example}), kind.help) for name, kind in dns.KINDS.items()]
    yield f"In the DNS, NAME is {DNS}", in_dns


def words(name: str | None) -> list[str]:
    """Return words, or their beginnings, that may follow the host *name*."""
    from dnszone import faults as dns
    from lab.faults import keys, reply

    if name == DNS:
        return [*(f"kind={each}" for each in dns.KINDS), *(f"{key}=" for key in SCOPE)]
    kinds = [kind for key in keys.KEYS for kind in keys.kinds(key).values() if kind.standing]
    tables = dict.fromkeys(f"{kind.key}=" for kind in kinds if not isinstance(kind.example, str))
    return [
        *(f"{kind.key}={kind.kind}" for kind in kinds if isinstance(kind.example, str)),
        *tables,
        *(f"{key}=" for key in reply.KEYS),
    ]
