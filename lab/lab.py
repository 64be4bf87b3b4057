"""The lab as a test sees it: sends messages, says where they went, and makes things go wrong for a while.

    with lab.fault("mx1", connect="refuse"):
        route = lab.send(to="bia@dest.test", via="direct").route()
    assert route.attempted == ["mx1", "mx2"]

What a :class:`Lab` changes (zones, addresses of the scripted host, faults) belongs to its process and is put back by
:meth:`Lab.reset` or :meth:`Lab.close`; after kill -9 the next command does it (:mod:`lab.state.lease`).
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, nullcontext
from datetime import UTC, datetime
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from dnszone.zone import WORLD
from dnszone.zones import Zones
from lab.control.dns import STANDING, Dns
from lab.control.domains import Domains, fresh
from lab.control.scripted import Scripted
from lab.engine.hosts import MAIL_ROLES, Host, find
from lab.errors import LabError
from lab.faults import keys
from lab.faults.for_a_test import Breakage, HostFaults
from lab.faults.heal import put_all_back, sites
from lab.faults.ready import Ready
from lab.mail.access import Access, Login
from lab.mail.dsn import DEFAULT as NOTHING_ASKED
from lab.mail.dsn import Dsn
from lab.mail.logged import logged
from lab.mail.mailbox import Mailbox
from lab.mail.mailstores import Mailstores
from lab.mail.queues import Queues
from lab.mail.submission import Submission
from lab.mail.submit import Message, compose, connection, submit
from lab.plan.planner import Planner
from lab.route.contacts import contacted
from lab.route.history import History
from lab.route.plan import Plan
from lab.servers import guest
from lab.servers.configuration import Configuration
from lab.servers.dovecot.sieve import Sieve
from lab.servers.guests import Guests
from lab.servers.present import Present
from lab.servers.queue import Queue
from lab.state.claims import Holding
from lab.state.lease import Lease
from lab.world import extra
from lab.world.doors import at_port
from lab.world.world import World

if TYPE_CHECKING:
    from lab.mail.recorder import Recorder
    from lab.mail.watch import Watch


class Lab:
    """A running lab. ``hosts`` maps lab name to :class:`lab.engine.hosts.Host` as it was found."""

    def __init__(self, world: World, recorder: Recorder | None = None) -> None:
        """Attach to a lab that is up; with *recorder*, listen through that one. Raises LabError when it is not up."""
        self.name = world.name
        self.engine = world.engine
        self._world = world
        self.report: Callable[[str], None] = _tell  # progress of what takes long
        self.hosts = Present(world.hosts())
        if not self.hosts:
            raise LabError(f"lab {self.name!r} is not up", hint=f"run `{_up_command(self.name)}`")
        self.submissions: list[Submission] = []
        self.holding: Holding | None = None
        self._began = datetime.now(UTC)
        self._shared_recorder = recorder
        self._open = ExitStack()  # what is made at its first use, to be closed at the end
        self._owned: list[Dns | Scripted] = []  # what may hold something of this process, to be dropped after each test
        self.access = Access(self.hosts)
        self.domains = Domains(lambda: self.dns, lambda: self.scripted, self.hosts)
        self._queues = Queues(self.hosts, lambda host, queue: queue(host.name, self.engine, host.container))
        self._mailstores = Mailstores(
            self.hosts, self.access, lambda host: Sieve(self.engine, host.container, host.name)
        )
        configuration = Configuration(self.engine)
        self._planner = Planner(self.hosts, configuration, self._zones, self.scripts)
        self._guests = Guests(
            self.hosts,
            configuration,
            lambda: self.lease,
            self.extra_image,
            partial(guest.start, self.engine, lab=self.name),
            partial(guest.remove, self.engine),
        )
        self._ready = Ready(self.access, self.hosts)
        site = sites(self.engine, self.hosts, self._ready, self.extra_image)
        self._host_faults = HostFaults(self.hosts, site, lambda: self.lease, self._alone)
        self._breakage = Breakage(self.hosts, self.domains, lambda: self.scripted, self._host_faults)
        self.heal()

    def __enter__(self) -> Lab:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Put everything back and stop following the logs."""
        self.reset()
        self._open.close()

    @contextmanager
    def one_test(self) -> Iterator[None]:
        """Use the world's hosts together with other runs (:mod:`lab.state.claims`), and put everything back after that.

        A fault at one of them waits until the others are done with it, and keeps them away while it lasts.
        """
        with ExitStack() as ends:
            self.holding = ends.enter_context(closing(Holding(self.name, self.hosts.world)))
            ends.callback(setattr, self, "holding", None)
            ends.callback(self.reset)
            yield

    def reset(self) -> None:
        """Remove the zones, addresses and messages of this process; a new :attr:`domain` comes at its next use."""
        self._delete_queued()
        self._guests.remove()  # while their zones are there: what lies in their queues is not to bounce
        for each in self._owned:
            each.drop()
        self._mailstores.clear()
        self.domains.clear()
        self.submissions.clear()
        self._began = datetime.now(UTC)

    # What a test asks for

    @property
    def domain(self) -> str:
        """A recipient domain of the test's own, with mx1, mx2 and mx3 at preferences 10, 20 and 30."""
        return self.domains.first

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

    def host(  # noqa: PLR0913  a host is told by its settings
        self,
        name: str,
        *,
        like: str = "direct",
        domain: str | None = None,
        fqdn: str | None = None,
        main_cf: str = "",
        master_cf: str = "",
        dovecot_conf: str = "",
        users: str = "",
        unbound_conf: str = "",
        files: Mapping[str, str] | None = None,
        resolver: str | None = None,
    ) -> Host:
        """Bring a host along, like the world's host *like*, with settings of its own; it goes with the test.

        Its full name is *fqdn*, else *name* in *domain* (default: a new one); a zone text has its addresses as $NAME
        and $NAME_V6. Of a Postfix, *main_cf* has the lines in which it differs, *master_cf* further services, *files*
        tables below /etc/postfix ("texthash:/etc/postfix/transport"). Of a Dovecot (like="mailstore"), *dovecot_conf*
        has lines to add to dovecot.conf, *users* lines "name:password" of those who have a mailbox there in place of
        the world's users, *files* files below /etc/dovecot.

        Two kinds are no hosts of the world: like="resolver" is a caching resolver, with lines of *unbound_conf*;
        like="scanner" may send raw packets, and has nmap. Their images are built when they are first wanted.
        *resolver* is the name of the resolver that the host asks instead of the lab's DNS.

        Threads may bring hosts along at the same time.
        """
        self.recorder.owners.add(self.lease.owner)  # before it says anything
        host, own = self._guests.bring(
            name,
            fqdn or f"{name}.{domain or fresh()}",
            like=like,
            resolver=resolver,
            main_cf=main_cf,
            master_cf=master_cf,
            dovecot_conf=dovecot_conf,
            users=users,
            unbound_conf=unbound_conf,
            files=files or {},
        )
        if host.role == extra.RESOLVER:
            self._ready(host)
        self._mailstores.accounts[name] = own.accounts
        self.recorder.read(lambda history: history.hosts.update(dict.fromkeys(host.addresses, name)))
        return host

    def send(
        self,
        *,
        to: str | Sequence[str],
        via: str = "client",
        sender: str = "ana@home.test",
        message: Message = "A message through the mail-routing lab.\n",
        subject: str = "A test message",
        login: Login | None = None,
        dsn: Dsn = NOTHING_ASKED,
        timeout: float = 30.0,
    ) -> Submission:
        """Hand a message to the host *via* ("client", "direct", "smarthost", "mx1:25" ...), as a mail program does.

        *message*: text, an EmailMessage, or raw bytes or a file, which are sent exactly as they are. Port 587 (the
        smarthost's default) wants TLS and a *login*: a name of the users file, or (name, password); default
        "customer". *dsn*: what is asked of notices, ``Dsn(notify=("never",))``. What the host answers is in the
        submission's ``receipt``; a refusal is no exception.
        """
        recipients = (to,) if isinstance(to, str) else tuple(to)
        if not recipients:
            raise LabError("a message needs a recipient", hint='to="bia@dest.test"')
        wrong = [f"{key}: {problem}" for key, problem in dsn.problems()]
        if wrong:
            raise LabError("\n".join(wrong), hint='Dsn(notify=("success", "failure"), ret="hdrs", envid="42")')
        server = self.access.server(via, login)
        data, message_id = compose(message, sender, recipients, subject)
        watch = self.watch  # the logs are followed before anything can be logged
        plans = self.plans(recipients, via, sender)
        receipt = submit(server, sender, recipients, data, message_id, timeout, dsn)
        submission = Submission(watch, self.plans, via.partition(":")[0], receipt, plans, at_port(via))
        self.submissions.append(submission)
        return submission

    def connect(self, at: str, timeout: float = 30.0) -> socket.socket:
        """Return a connection to a port of a host ("mx1", "direct:587"), for what no mail program would say."""
        return connection(self.access.server(at, None), timeout)

    def explain(self, recipient: str, via: str = "client", sender: str | None = None) -> Plan:
        """Return the plan: where mail for *recipient* would go from the host *via*, by zone and settings alone.

        *sender*: whose mail it is, where settings tell senders apart; "" is the null sender, None nobody known.
        """
        return self.plans((recipient,), via, sender)[recipient]

    def plans(self, recipients: Sequence[str], via: str, sender: str | None) -> dict[str, Plan]:
        """Return the plan for each recipient of a message that is handed to the host *via*."""
        return self._planner.plans(recipients, via, sender)

    def reread(self, host: str) -> bool:
        """Read a host's settings again after a change of them, and return whether they are others than they were."""
        return self._planner.reread(host)

    def logs_tls(self) -> frozenset[str]:
        """Return the hosts that log every TLS session that they begin: of the others nobody can tell."""
        return self._planner.logs_tls()

    def stopped(self, host: str) -> AbstractContextManager[None]:
        """Stop a host while the context lasts."""
        return self._host_faults.at(host, keys.read("host", "stopped"))

    def paused(self, host: str) -> AbstractContextManager[None]:
        """Freeze a host while the context lasts: connections are accepted and nothing is said."""
        return self._host_faults.at(host, keys.read("host", "paused"))

    def fault(self, name: str, /, **wrong: Any) -> AbstractContextManager[None]:  # noqa: ANN401  see lab.fault
        """Make something wrong at a host while the context lasts: ``lab.fault("mx1", connect="refuse")``.

        *name* is a host of the lab, or a name of a zone of this test that stands for an address of the scripted
        host. *wrong* (:mod:`lab.faults.reader`): connect, host, scan_ban, fail2ban, or what is answered, such as
        ``rcpt="450 4.2.0 later"``; of a real MX, to recipients in this test's domains only.
        """
        return self._breakage.at(name, wrong)

    def banned(self, host: str, owner: str | None = None) -> dict[str, int]:
        """Return whom a fault at *host* bans (``scan_ban``, ``fail2ban``): lab name, or address, to seconds left.

        *owner*: the process that has brought *host* along, if that is another one.
        """
        if owner is None:
            return self._host_faults.banned(host)
        theirs = find(self.engine, self.name, owner)
        if host not in theirs or theirs[host].state != "running":
            return {}  # it is gone again
        return self._host_faults.banned_by(theirs[host], Present(theirs).names)

    def contacted(self) -> frozenset[str]:
        """Return the hosts to which another mail host has connected since the test began.

        Of the scripted host: each name in the test's zones that stands for an address that was connected to.
        """
        mail = {address for host in self.hosts.values() if host.role in MAIL_ROLES for address in host.addresses}
        found = self.recorder.read(
            lambda history: contacted(history.contacts(self._began), mail, self.domains.names_of)
        )
        return frozenset(name for name in found if not name.endswith(tuple(self.domains.texts)))

    def asked(self, *names: str) -> list[str]:
        """Return the questions about *names* that the DNS has had since the test began, as "MX dest.test."."""
        return self.dns.asked(names, self._began)

    def logged(self, host: str) -> list[str]:
        """Return the lines that *host* has logged about this test by now, in the order of its log.

        They have a queue id or the Message-ID of one of its messages, or name one of its domains
        (:mod:`lab.route.about`); of a host that the test has brought along all count.
        """
        return logged(host, self._began, self.submissions, self.domains.texts, self.hosts, self.recorder)

    def queue(self, host: str) -> Queue:
        """Return the mail queue of a Postfix host."""
        return self._queues.of(host)

    def mailbox(self, user: str, at: str = "mailstore") -> Mailbox:
        """Return the mailboxes of *user* ("bia@dest.test", or "bia" for that) in the mail store *at*."""
        return self._mailstores.mailbox(user, at)

    def sieve(self, user: str, script: str, at: str = "mailstore") -> None:
        """Make *script* (RFC 5228) the active one of *user* in the mail store *at*, until the test is over."""
        self._mailstores.put(user, script, at)

    @property
    def mailstores(self) -> list[str]:
        """The hosts that have mailboxes, the world's first."""
        return self._mailstores.names

    @cached_property
    def dns(self) -> Dns:
        """The lab's DNS: zones, faults, the history of every query."""
        control = self._open.enter_context(closing(self.access.control("dns")))
        self._owned.append(dns := Dns(control, self.lease.owner))
        return dns

    @cached_property
    def scripted(self) -> Scripted:
        """The scripted SMTP host: its addresses, their scripts, and who connected."""
        control = self._open.enter_context(closing(self.access.control("scripted")))
        self._owned.append(scripted := Scripted(control, self.lease.owner))
        return scripted

    @property
    def docker(self) -> Any:  # noqa: ANN401  the SDK's type is known in lab/engine/ alone
        """The Docker SDK's client, for a test that asks the engine itself."""
        return self.engine.client

    @property
    def names(self) -> dict[str, str]:
        """Lab name of each host by address, of either family."""
        return self.hosts.names

    @property
    def ipv6(self) -> bool:
        """Whether the lab has IPv6."""
        return any(host.address6 for host in self.hosts.values())

    @cached_property
    def recorder(self) -> Recorder:
        """What the servers say, from the first use on."""
        return self._shared_recorder or self._open.enter_context(self.follow(None))

    @cached_property
    def watch(self) -> Watch:
        """Waits for routes."""
        from lab.mail.watch import Watch

        return Watch(self.recorder, self._queues.lines, partial(self._queues.picked_up, self.recorder))

    def follow(self, since: float | None, *, mail_only: bool = True) -> Recorder:
        """Return a recorder of what the servers say from *since* on (seconds since the epoch; None: now).

        *mail_only*: not those whose logs say nothing about mail.
        """
        from lab.mail.recorder import Recorder

        return Recorder(self.engine, self.name, History(self.names), since, mail_only=mail_only)

    # How

    @cached_property
    def lease(self) -> Lease:
        """The name under which all that this process changes is known, and its record."""
        return self._open.enter_context(closing(Lease(self.name)))

    def scripts(self, store: str) -> Mapping[str, str]:
        """Return the Sieve scripts that this test has put on a mail store, by address."""
        return self._mailstores.scripts(store)

    def heal(self) -> None:
        """Put back what processes that are gone have left; done at the start already."""
        put_all_back(self.engine, self.name, self._ready, lambda: self.dns, lambda: self.scripted)

    def extra_image(self, what: str) -> str:
        """Return the image of what only tests bring along (:mod:`lab.world.extra`), built if need be."""
        return self._world.extra_image(what, self.report)

    def _alone(self, host: str) -> AbstractContextManager[None]:
        return self.holding.alone(host) if self.holding else nullcontext()

    def _zones(self) -> Zones:
        """Return what this test is answered by the DNS."""
        return self.dns.view((WORLD, STANDING, self.lease.owner))

    def _delete_queued(self) -> None:
        """Delete what is left of this test's messages: without their domain they would bounce into the next test."""
        for origin in (each.origin for each in self.submissions):
            if origin is not None:
                self._queues.delete(self.recorder.read(partial(History.queued, message=origin)))


def _up_command(name: str) -> str:
    return "lab up" if name == "main" else f"lab up --lab {name}"


def _tell(text: str) -> None:
    print(f"lab: {text}", file=sys.stderr, flush=True)
