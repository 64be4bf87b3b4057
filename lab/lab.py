"""The lab as a test sees it: sends messages, says where they went, and makes things go wrong for a while.

    with lab.fault("mx1", connect="refuse"):
        route = lab.send(to="bia@dest.test", via="direct").route()
    assert route.attempted == ["mx1", "mx2"]

What a :class:`Lab` changes (zones, addresses of the scripted host, faults) belongs to its process and is put back by
:meth:`Lab.reset` or :meth:`Lab.close`; after kill -9 the next command does it (:mod:`lab.lease`).
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from datetime import UTC, datetime
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from dnszone.masterfile import read
from dnszone.zone import WORLD
from dnszone.zones import Zones
from lab import faults, guest, ready
from lab.access import Access, Login, password
from lab.claims import Holding
from lab.configuration import Configuration
from lab.control import Control
from lab.dns import STANDING, Dns
from lab.domains import DEFAULT, Domains, fresh
from lab.errors import LabError
from lab.fault import Wrong, at_host, at_scripted, scoped
from lab.faults import KINDS
from lab.faults.site import Site
from lab.heal import put_back, site
from lab.hosts import Host, find, known
from lab.lease import Lease, abandoned
from lab.mailbox import Mailbox
from lab.plan import Plan, explain_path
from lab.queue import Queue
from lab.route import stamp
from lab.scripted import Scripted
from lab.standing import await_ready
from lab.submission import Submission
from lab.submit import Message, compose, connection, submit
from lab.trace import History
from lab.world import World

if TYPE_CHECKING:
    from lab.recorder import Recorder
    from lab.watch import Watch

MAIL_ROLES = ("client", "smarthost", "mx")  # Postfix hosts


class Lab:
    """A running lab. ``hosts`` maps lab name to :class:`lab.hosts.Host` as it was found."""

    def __init__(self, world: World, recorder: Recorder | None = None) -> None:
        """Attach to a lab that is up; with *recorder*, listen through that one. Raises LabError when it is not up."""
        self.name = world.name
        self.docker = world.docker
        self.hosts = world.hosts()
        self._world = dict(self.hosts)
        if not self.hosts:
            raise LabError(f"lab {self.name!r} is not up", hint=f"run `{_up_command(self.name)}`")
        self.access = Access(self._world, lambda: self.hosts)
        self.submissions: list[Submission] = []
        self._began = datetime.now(UTC)
        self._configuration = Configuration(self.docker)
        self.domains = Domains(lambda: self.dns, lambda: self.scripted, lambda: self.hosts)
        self.holding: Holding | None = None
        self._shares = recorder is not None
        if recorder is not None:
            self.__dict__["recorder"] = recorder
        self.heal()

    def __enter__(self) -> Lab:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Put everything back and stop following the logs."""
        self.reset()
        if "_lease" in self.__dict__:
            self._lease.close()
        if "recorder" in self.__dict__ and not self._shares:
            self.recorder.close()

    @contextmanager
    def one_test(self) -> Iterator[None]:
        """Use the world's hosts together with other runs (:mod:`lab.claims`), and put everything back after that.

        A fault at one of them waits until the others are done with it, and keeps them away while it lasts.
        """
        self.holding = Holding(self.name, self._world)
        try:
            yield
        finally:
            self.reset()
            self.holding.close()
            self.holding = None

    def reset(self) -> None:
        """Remove the zones, addresses and messages of this process; a new :attr:`domain` comes at its next use."""
        self._delete_queued()
        if "dns" in self.__dict__:
            self.dns.drop()
        if "scripted" in self.__dict__:
            self.scripted.drop()
        for name in set(self.hosts) - set(self._world):
            guest.remove(self.docker, self.hosts.pop(name).container)
        self.domains.clear()
        self.submissions.clear()
        self.__dict__.pop("domain", None)
        self._began = datetime.now(UTC)

    # What a test asks for

    @cached_property
    def domain(self) -> str:
        """A recipient domain of the test's own, with mx1, mx2 and mx3 at preferences 10, 20 and 30."""
        return self.zone(DEFAULT)

    def zone(self, text: str, domain: str | None = None) -> str:
        """Serve *text* (an RFC 1035 master file) as the zone of a new domain, and return the domain's name.

        In *text*, $DOMAIN is the domain, $MX1 and the like are addresses of hosts, $SCRIPTED_1 and so on are
        addresses of the scripted host that nobody else has; $MX1_V6 and $SCRIPTED_1_V6 are the IPv6 addresses of the
        same. With *domain*, that domain's zone is replaced. Raises LabError with every mistake of the text, and then
        serves what it served before.
        """
        name = domain or fresh()
        self.domains.add(text, name)
        return name

    def new_domain(self) -> str:
        """Return the name of a domain that nobody has, for :meth:`zone` and :meth:`host`."""
        return fresh()

    def host(
        self,
        name: str,
        *,
        like: str = "direct",
        domain: str | None = None,
        main_cf: str = "",
        master_cf: str = "",
        files: Mapping[str, str] | None = None,
    ) -> Host:
        """Bring a host along: a Postfix like the world's host *like*, with settings of its own; it goes with the test.

        Its full name is *name* in *domain* (default: a new one); a zone text has its address as $NAME, $NAME_V6.
        *main_cf* has the lines in which it differs, *master_cf* further services, *files* tables below
        /etc/postfix ("texthash:/etc/postfix/transport").
        """
        if name in self.hosts:
            raise LabError(f"this lab has a host {name!r} already", hint="choose another name")
        fqdn = f"{name}.{domain or fresh()}"
        self.recorder.owners.add(self._lease.owner)
        started = guest.start(
            self.docker,
            known(self._world, like),
            lab=self.name,
            owner=self._lease.owner,
            name=name,
            fqdn=fqdn,
            main_cf=main_cf,
            master_cf=master_cf,
            files=files or {},
        )
        self.hosts[name] = started
        self.recorder.read(lambda history: history.hosts.update(dict.fromkeys(started.addresses, name)))
        return started

    def send(
        self,
        *,
        to: str | Sequence[str],
        via: str = "client",
        sender: str = "ana@home.test",
        message: Message = "A message through the mail-routing lab.\n",
        subject: str = "A test message",
        login: Login | None = None,
        timeout: float = 30.0,
    ) -> Submission:
        """Hand a message to the host *via* ("client", "direct", "smarthost", "mx1:25" ...), as a mail program does.

        *message*: text, an EmailMessage, or raw bytes or a file, which are sent exactly as they are. Port 587 (the
        smarthost's default) wants TLS and a *login*: a name of the users file, or (name, password); default
        "customer". What the host answers is in the submission's ``receipt``; a refusal is no exception.
        """
        recipients = (to,) if isinstance(to, str) else tuple(to)
        if not recipients:
            raise LabError("a message needs a recipient", hint='to="bia@dest.test"')
        server = self.access.server(via, login)
        data, message_id = compose(message, sender, recipients, subject)
        self.recorder  # noqa: B018  the logs are followed before anything can be logged
        plans = {recipient: self.explain(recipient, via) for recipient in recipients}
        receipt = submit(server, sender, recipients, data, message_id, timeout)
        submission = Submission(self, via.partition(":")[0], receipt, plans)
        self.submissions.append(submission)
        return submission

    def connect(self, at: str, timeout: float = 30.0) -> socket.socket:
        """Return a connection to a port of a host ("mx1", "direct:587"), for what no mail program would say."""
        return connection(self.access.server(at, None), timeout)

    def explain(self, recipient: str, via: str = "client") -> Plan:
        """Return the plan: where mail for *recipient* would go from the host *via*, by zone and settings alone."""
        settings = {host.name: self._configuration.of(host) for host in self.hosts.values() if host.role in MAIL_ROLES}
        host = known(self.hosts, via.partition(":")[0])
        if host.name not in settings:
            raise LabError(f"{host.name} routes no mail", hint=f"hosts that do: {', '.join(sorted(settings))}")
        return explain_path(recipient, host.name, settings, self._zones(), self.names)

    def stopped(self, host: str) -> AbstractContextManager[None]:
        """Stop a host while the context lasts."""
        return self._faulty(host, "stopped")

    def paused(self, host: str) -> AbstractContextManager[None]:
        """Freeze a host while the context lasts: connections are accepted and nothing is said."""
        return self._faulty(host, "paused")

    def fault(self, name: str, /, **wrong: Any) -> AbstractContextManager[None]:  # noqa: ANN401  see lab.fault
        """Make something wrong at a host while the context lasts: ``lab.fault("mx1", connect="refuse")``.

        *name* is a host of the lab, or a name of a zone of this test that stands for an address of the scripted
        host. *wrong* (:mod:`lab.fault`): connect, host, scan_ban, or what is answered, such as
        ``rcpt="450 4.2.0 later"``; of a real MX, to recipients in this test's domains only.
        """
        if name not in self.hosts:
            return self._scripted_fault(self._scripted_addresses(name), at_scripted(wrong).script)
        return self._host_fault(self.hosts[name], at_host(self.hosts[name].role, wrong))

    def banned(self, host: str) -> dict[str, int]:
        """Return whom the fault ``scan_ban`` at *host* bans: lab name, or address, to whole seconds that are left."""
        found = faults.scan_ban.banned(self._site(known(self.hosts, host)))
        return {self.names.get(address, address): left for address, left in found.items()}

    def contacted(self) -> frozenset[str]:
        """Return the hosts to which another mail host has connected since the test began.

        Of the scripted host: each name in the test's zones that stands for an address that was connected to.
        """
        contacts = self.recorder.read(lambda history: history.contacts(self._began))
        mail = {address for host in self.hosts.values() if host.role in MAIL_ROLES for address in host.addresses}
        found = set()
        for contact in contacts:
            if contact.client not in mail:
                continue
            if contact.server is None:
                found.add(contact.host)
            else:
                found |= self.domains.names_of(contact.server)
        return frozenset(name for name in found if not name.endswith(tuple(self.domains.texts)))

    def asked(self, *names: str) -> list[str]:
        """Return the questions about *names* that the DNS has had since the test began, as "MX dest.test."."""
        wanted = {f"{name.rstrip('.').lower()}." for name in names}
        entries = self.dns.history(since=stamp(self._began))
        return [f"{each['type']} {each['name']}" for each in entries if each["name"] in wanted]

    def queue(self, host: str) -> Queue:
        """Return the mail queue of a Postfix host."""
        found = known(self.hosts, host)
        return Queue(found.name, self.docker.containers.get(found.container))

    def mailbox(self, user: str) -> Mailbox:
        """Return the mailboxes of *user*: "bia@dest.test", or "bia" for that."""
        address = user if "@" in user else f"{user}@dest.test"
        name = address.partition("@")[0].partition("+")[0]
        return Mailbox(address, password(name), ready.LOOPBACK, self.access.port("mailstore", 143))

    @cached_property
    def dns(self) -> Dns:
        """The lab's DNS: zones, faults, the history of every query."""
        return Dns(Control("dns", self.access.url("dns", 8053)), self._lease.owner)

    @cached_property
    def scripted(self) -> Scripted:
        """The scripted SMTP host: its addresses, their scripts, and who connected."""
        return Scripted(Control("scripted", self.access.url("scripted", 8025)), self._lease.owner)

    @property
    def names(self) -> dict[str, str]:
        """Lab name of each host by address, of either family."""
        return {address: host.name for host in self.hosts.values() for address in host.addresses}

    @property
    def ipv6(self) -> bool:
        """Whether the lab has IPv6."""
        return any(host.address6 for host in self.hosts.values())

    @cached_property
    def recorder(self) -> Recorder:
        """What the servers say, from the first use on."""
        return self.follow(None)

    @cached_property
    def watch(self) -> Watch:
        """Waits for routes."""
        from lab.watch import Watch

        return Watch(self.recorder, self._queue_lines)

    def follow(self, since: float | None) -> Recorder:
        """Return a recorder of what the servers say from *since* on (seconds since the epoch; None: now)."""
        from lab.recorder import Recorder

        return Recorder(self.docker, self.name, History(self.names), since)

    # How

    @cached_property
    def _lease(self) -> Lease:
        return Lease(self.name)

    def _zones(self) -> Zones:
        """Return the world's zones and this test's own, as the DNS has them."""
        owners = {WORLD, STANDING, self._lease.owner}
        served = [each for each in self.dns.zones() if each["owner"] in owners]
        texts = ((each, self.dns.zone(each["origin"])) for each in served)
        return Zones([read(text, each["origin"], owner=each["owner"]) for each, text in texts])

    @contextmanager
    def _faulty(self, host: str, kind: str, apply: Callable[[Site], None] | None = None) -> Iterator[None]:
        """Apply a fault, by *apply* where it has settings, and heal it."""
        site = self._site(known(self.hosts, host))
        with self.holding.alone(host) if self.holding else nullcontext():
            number = self._lease.note({"kind": kind, "host": host})
            try:
                (apply or KINDS[kind].apply)(site)
                yield
            finally:
                KINDS[kind].heal(site)
                self._lease.healed(number)

    @contextmanager
    def _host_fault(self, host: Host, wrong: Wrong) -> Iterator[None]:
        if wrong.policies and not self.domains.texts and host.name in self._world:
            raise LabError(
                f"{host.name} answers so to recipients of this test's domains only, and it has none yet",
                hint="use lab.domain, or lab.zone(...), before",
            )
        with ExitStack() as standing:
            for kind, apply in wrong.whole.items():
                standing.enter_context(self._faulty(host.name, kind, apply))
            for rule in wrong.policies:
                # A host that this test has brought along answers to nobody else.
                for each in scoped(rule, [*self.domains.texts]) if host.name in self._world else [rule]:
                    policy = self.scripted.policy(host=host.addresses, **each)
                    standing.callback(self.scripted.retract, policy)
            yield

    @contextmanager
    def _scripted_fault(self, addresses: Sequence[str], script: Mapping[str, Any]) -> Iterator[None]:
        with ExitStack() as standing:
            for address in addresses:
                self.scripted.script(address, dict(script))
                standing.callback(self.scripted.script, address, {})
            yield

    def _scripted_addresses(self, name: str) -> list[str]:
        """Return the addresses of the scripted host that *name* has in a zone of this test, one for each place."""
        found = self.domains.at_scripted()
        if name not in found:
            raise LabError(
                f"{name!r} is neither a host of the lab nor a name at an address of the scripted host",
                hint=f"hosts: {', '.join(sorted(self.hosts))}; a zone names others: {name} A $SCRIPTED_1",
            )
        return found[name]

    def _site(self, host: Host) -> Site:
        return site(self.docker, {**self._world, host.name: host}, host.name, self._await_ready)

    def _await_ready(self, host: Host) -> None:
        await_ready(self.access.ports, [host.name])

    def heal(self) -> None:
        """Put back what processes that are gone have left; done at the start already."""
        for lease in abandoned(self.name):
            with lease:
                put_back(self.docker, lease, find(self.docker, self.name), self._await_ready)
                self.dns.drop(lease.owner)
                self.scripted.drop(lease.owner)

    def _delete_queued(self) -> None:
        """Delete what is left of this test's messages: without their domain they would bounce into the next test."""
        for origin in (each.origin for each in self.submissions):
            left = self.recorder.read(partial(History.queued, message=origin)) if origin else []
            for host, queue_id in left:
                if host in self.hosts:
                    self.queue(host).delete(queue_id)

    def _queue_lines(self) -> list[str]:
        lines = []
        for host in self.hosts.values():
            if host.role in MAIL_ROLES:
                try:
                    lines += [f"{host.name}: {message}" for message in self.queue(host.name).list()]
                except LabError as error:
                    lines.append(f"{host.name}: {error.args[0]}")
        return lines


def _up_command(name: str) -> str:
    return "lab up" if name == "main" else f"lab up --lab {name}"
