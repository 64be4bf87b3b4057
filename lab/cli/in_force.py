"""What is wrong on purpose in a lab now, and who has made it so: `lab fault list` and `lab status` show it.

In: the lab's name, its hosts and its ports. Out: :class:`Entry` values, from the record of the command line, the leases
of processes that live, the DNS and the policy service. A server that does not answer is told with its problem.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lab.control.dns import Dns
    from lab.control.http import Control
    from lab.control.scripted import Scripted
    from lab.engine.hosts import Host
    from lab.faults.standing import Standing
    from lab.world.doors import Door
    from lab.world.world import Status


@dataclass(frozen=True, slots=True)
class Entry:
    """One fault. ``id`` is None where no command can take it back: it is a process's own, which heals it itself."""

    id: str | None
    where: str  # a host, or "dns"
    what: dict[str, Any]  # as `lab fault add` takes it
    since: str | None  # RFC 3339, UTC; None where nobody has noted it
    owner: str  # "cli" is the command line
    held: bool = False  # by a process that lives, and takes it back itself

    @property
    def own(self) -> bool:
        """Whether the command line has set it."""
        from lab.control.dns import STANDING

        return self.owner == STANDING

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)


def entry(standing: Standing) -> Entry:
    """Return a fault of the command line."""
    from lab.control.dns import STANDING

    return Entry(standing.id, standing.where, standing.wrong, standing.since, STANDING)


def at_hosts(name: str) -> list[Entry]:
    """Return what is wrong at hosts as a whole, by the command line and by processes that live."""
    from lab.faults.standing import read
    from lab.state.lease import in_force

    own = [entry(each) for each in read(name) if each.kind]
    held = ((owner, fault) for owner, faults in in_force(name).items() for fault in faults)
    return own + [Entry(None, fault["host"], fault["wrong"], None, owner, held=True) for owner, fault in held]


def policies(name: str, hosts: Mapping[str, Host], ports: Mapping[Door, int]) -> list[Entry]:
    """Return the replies that real exchangers have been told. Raises LabError when the scripted host is silent."""
    from lab.control.dns import STANDING
    from lab.state.lease import living

    with scripted(hosts, ports) as control:
        found = control.policies()
    alive = living(name)
    since, names = _since(name), {host.address: host.name for host in hosts.values()}
    where = {id_: address[0] if address else "any" for id_, address in ((each["id"], each["host"]) for each in found)}
    return [
        Entry(
            each["id"],
            names.get(where[each["id"]], where[each["id"]]),
            _reply(each),
            since.get(each["id"]) if each["owner"] == STANDING else None,
            each["owner"],
            each["owner"] in alive,
        )
        for each in found
    ]


def at_dns(name: str, hosts: Mapping[str, Host], ports: Mapping[Door, int]) -> list[Entry]:
    """Return the faults of the DNS. Raises LabError when it is silent."""
    from lab.control.dns import STANDING
    from lab.state.lease import living

    with dns(hosts, ports) as control:
        found = control.faults()
    since, alive = _since(name), living(name)
    return [
        Entry(
            each["id"],
            "dns",
            {key: value for key, value in each.items() if key not in ("id", "owner", "fault", "met")},
            since.get(each["id"]) if each["owner"] == STANDING else None,
            each["owner"],
            each["owner"] in alive,
        )
        for each in found
    ]


def beside_dns(status: Status) -> list[Entry]:
    """Return what is wrong at hosts; of what MXes answer nothing when the scripted host cannot be asked."""
    from lab.control.http import PORTS
    from lab.errors import LabError
    from lab.world.doors import Door

    found = at_hosts(status.name)
    if Door("scripted", PORTS["scripted"]) not in status.problems:
        with suppress(LabError):  # it has stopped since
            found += policies(status.name, status.hosts, status.ports)
    return found


@contextmanager
def dns(hosts: Mapping[str, Host], ports: Mapping[Door, int]) -> Iterator[Dns]:
    """Yield the DNS, as the command line sees it: what it sets there stays."""
    from lab.control.dns import STANDING, Dns

    with closing(_control("dns", hosts, ports)) as control:
        yield Dns(control, STANDING)


@contextmanager
def scripted(hosts: Mapping[str, Host], ports: Mapping[Door, int]) -> Iterator[Scripted]:
    """Yield the scripted host, as the command line sees it."""
    from lab.control.dns import STANDING
    from lab.control.scripted import Scripted

    with closing(_control("scripted", hosts, ports)) as control:
        yield Scripted(control, STANDING)


def _control(host: str, hosts: Mapping[str, Host], ports: Mapping[Door, int]) -> Control:
    """Return a control API once it has answered: one that is frozen would take a long time to say nothing."""
    from lab.control.http import PORTS, Control
    from lab.errors import LabError
    from lab.world import ready
    from lab.world.doors import Door

    door = Door(host, PORTS[host])
    problem = "its port is not published"
    if door in ports:
        problem = ready.missing({door: ports[door]}).get(door, "")
    if problem:
        raise LabError(
            f"the {host} host does not answer: {problem}", hint="`lab status` tells how it is"
        ) from OSError()
    return Control(host, f"http://{ready.LOOPBACK}:{ports[door]}", hosts[host].token)


def _since(name: str) -> dict[str, str]:
    from lab.faults.standing import read

    return {each.id: each.since for each in read(name)}


def _reply(policy: Mapping[str, Any]) -> dict[str, Any]:
    """Return the table that a rule of the policy service was set by."""
    from lab.control.grammar import RULE_KEYS, STATES

    state = policy["state"]
    key = next((key for key, each in STATES.items() if each == state), (state or "any").lower())
    scope = {each: policy[each] for each in (*RULE_KEYS[1:], "client") if policy.get(each) not in (None, 0.0)}
    return {key: {"reply": policy["action"], **scope} if scope else policy["action"]}
