"""One zone: its records, and what it answers by itself (RFC 1034 4.3.2 step 3, wildcards by RFC 4592)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from dnszone.record import LONGEST_NAME, Record, parent, size

WORLD = "world"  # the owner of the zones that the server starts with
TTL = 5  # seconds, of what a zone does not say: short, so that a change is seen at once
NAME_SERVER = "dns.lab.test."
_DOLLAR = re.compile(r"\\.|\$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Step:
    """What one zone answers. ``alias``: the name to go on with, None at the end."""

    rcode: str
    answers: tuple[Record, ...] = ()
    authority: tuple[Record, ...] = ()
    additional: tuple[Record, ...] = ()
    authoritative: bool = True
    alias: str | None = None


class Zone:
    """A zone, never changed once made. ``origin`` is its apex, ``owner`` who added it."""

    def __init__(self, origin: str, owner: str, records: Iterable[Record]) -> None:
        """*records* have a SOA record at *origin*."""
        self.origin = origin
        self.owner = owner
        self.records = tuple(records)
        self._nodes: dict[str, dict[str, tuple[Record, ...]]] = {}
        for record in self.records:
            node = self._nodes.setdefault(record.name, {})
            node[record.type] = (*node.get(record.type, ()), record)
        self._names = {origin}  # empty non-terminals too: they exist (RFC 4592 2.2.2)
        for name in self._nodes:
            while name not in self._names:
                self._names.add(name)
                name = parent(name)  # noqa: PLW2901  up to a name that is known
        # Names where an answer may end above the name that is asked for.
        self._cuts = {
            name for name, node in self._nodes.items() if "DNAME" in node or ("NS" in node and name != origin)
        }

    @property
    def text(self) -> str:
        """The zone as a master file; :func:`dnszone.masterfile.read` reads it back."""
        lines = [
            f"{record.name} {record.ttl} IN {record.type} {_DOLLAR.sub(_escaped, record.data)}\n"
            for record in self.records
        ]
        return "".join(lines)

    @property
    def negative(self) -> tuple[Record, ...]:
        """The SOA record of a negative answer; its TTL is how long that may be kept (RFC 2308 3 and 5)."""
        soa = self._nodes[self.origin]["SOA"][0]
        return (replace(soa, ttl=min(soa.ttl, int(soa.data.rpartition(" ")[2]))),)

    def exists(self, name: str) -> bool:
        """Return whether *name* or a name below it has records here."""
        return name in self._names

    def lookup(self, name: str, type: str) -> Step:
        """Answer for a name at or below the origin. Type "ANY" stands for every type of the name."""
        if self._cuts:
            ended = self._above(name, type)
            if ended:
                return ended
        node = self._node(name)
        if node is None:
            return Step("NXDOMAIN", authority=self.negative)
        if type == "ANY" and node:
            return Step("NOERROR", tuple(record for records in node.values() for record in records))
        if type in node:
            return Step("NOERROR", node[type])
        if "CNAME" in node:
            return Step("NOERROR", node["CNAME"], alias=node["CNAME"][0].data.lower())
        return Step("NOERROR", authority=self.negative)

    def _node(self, name: str) -> dict[str, tuple[Record, ...]] | None:
        """Return the records at *name* by type, from the wildcard that covers it too; None where it does not exist."""
        if name in self._names:
            return self._nodes.get(name, {})
        encloser = parent(name)  # the closest encloser, the only one whose wildcard counts (RFC 4592 3.3.1)
        while encloser not in self._names:
            encloser = parent(encloser)
        wildcard = f"*.{encloser}" if encloser != "." else "*."
        if wildcard not in self._names:
            return None
        node = self._nodes.get(wildcard, {})
        return {type: tuple(replace(record, name=name) for record in records) for type, records in node.items()}

    def _above(self, name: str, type: str) -> Step | None:
        """Return the answer of the topmost delegation (RFC 1034 4.2.1) or DNAME (RFC 6672) above *name*."""
        for cut in reversed(list(self._up(name))):
            node = self._nodes.get(cut, {})
            if "DNAME" in node and cut != name:
                return _redirected(name, type, node["DNAME"])
            # DS records stand above the cut (RFC 4035 3.1.4.1).
            if "NS" in node and cut != self.origin and not (type == "DS" and cut == name):
                return Step("NOERROR", (), node["NS"], self._glue(node["NS"]), authoritative=False)
        return None

    def _up(self, name: str) -> Iterator[str]:
        while True:
            if name in self._cuts:
                yield name
            if name == self.origin:
                return
            name = parent(name)

    def _glue(self, servers: tuple[Record, ...]) -> tuple[Record, ...]:
        nodes = [self._nodes.get(server.data.lower(), {}) for server in servers]
        return tuple(record for node in nodes for type in ("A", "AAAA") for record in node.get(type, ()))


def complete(origin: str, records: Iterable[Record]) -> tuple[Record, ...]:
    """Return the records with SOA and NS records at the apex, made where there are none."""
    given = tuple(records)
    types = {record.type for record in given if record.name == origin}
    lacking = {
        "SOA": f"{NAME_SERVER} hostmaster.lab.test. 1 {TTL} {TTL} {TTL} {TTL}",
        "NS": NAME_SERVER,
    }
    made = tuple(Record(origin, TTL, type, data) for type, data in lacking.items() if type not in types)
    return made + given


def _redirected(name: str, type: str, found: tuple[Record, ...]) -> Step:
    target = found[0].data.lower()
    alias = name.removesuffix(found[0].name) + target.removeprefix(".")
    if size(alias) > LONGEST_NAME:
        return Step("YXDOMAIN", found)  # RFC 6672 2.2
    answers = (*found, Record(name, found[0].ttl, "CNAME", alias))
    return Step("NOERROR", answers, alias=None if type == "CNAME" else alias)


def _escaped(found: re.Match[str]) -> str:
    return r"\$" if found[0] == "$" else found[0]
