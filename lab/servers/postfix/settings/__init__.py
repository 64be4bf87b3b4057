"""What a Postfix host's main.cf says about routing, with Postfix 3.10's defaults for what it does not say.

In: main.cf text (:func:`read`); the contents of its lookup tables, and the text of master.cf, where they are known.
Out: :class:`Settings`, one field for each parameter that takes part in a routing decision, named after it.
Errors: :class:`SettingsError` with every problem of the text at once, each with file and line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

from dnszone.problem import Problem
from lab.errors import LabError
from lab.servers.postfix.settings.maincf import Entry, ExpansionError, entries, expand
from lab.servers.postfix.settings.mastercf import STOCK, Service, services, transports
from lab.servers.postfix.settings.tables import DomainList, Table, table_list
from lab.servers.postfix.settings.unplanned import UNPLANNED, acting
from lab.servers.postfix.settings.values import DEFAULTS, PARSERS, as_text, port

__all__ = ["DEFAULTS", "DomainList", "Settings", "SettingsError", "Table", "read"]
NO_PARAMETERS = frozenset({"transports", "unplanned", "acting", "services", "altered"})  # fields of no parameter's name
CLIENTS = frozenset({"smtp", "lmtp"})  # programs that make connections
SAY = frozenset(DEFAULTS) | frozenset(UNPLANNED)  # parameters that have a say in where mail goes
ROUTERS = frozenset({"cleanup", "trivial-rewrite", "qmgr", "oqmgr"})  # programs that have a say in every recipient


LOGLEVEL = re.compile(r"\b(?:smtp|lmtp)_tls_loglevel\s*=\s*(?P<level>\w*)")  # "-o smtp_tls_loglevel=0" of a service


@dataclass(frozen=True, slots=True)
class Settings:
    """The routing of one Postfix host.

    Times are in seconds; a limit of 0 is no limit; names are as in postconf(5).
    """

    myhostname: str
    mydomain: str
    myorigin: str
    mydestination: DomainList
    relay_domains: DomainList
    virtual_alias_domains: DomainList
    virtual_alias_maps: tuple[Table, ...]
    virtual_alias_expansion_limit: int
    virtual_alias_recursion_limit: int
    propagate_unmatched_extensions: tuple[str, ...]
    alias_maps: tuple[Table, ...]
    virtual_mailbox_domains: DomainList
    transport_maps: tuple[Table, ...]
    sender_dependent_default_transport_maps: tuple[Table, ...]
    sender_dependent_relayhost_maps: tuple[Table, ...]
    relayhost: str
    smtp_fallback_relay: str
    default_transport: str
    relay_transport: str
    virtual_transport: str
    local_transport: str
    best_mx_transport: str
    defer_transports: tuple[str, ...]
    receive_override_options: tuple[str, ...]
    append_dot_mydomain: bool
    inet_protocols: tuple[str, ...]  # "ipv4", "ipv6"
    inet_interfaces: tuple[str, ...]  # "all", "loopback-only", or names and addresses
    proxy_interfaces: tuple[str, ...]
    disable_dns_lookups: bool
    smtp_host_lookup: tuple[str, ...]  # "dns", "native"
    smtp_tcp_port: int
    ignore_mx_lookup_error: bool
    smtp_defer_if_no_mx_address_found: bool
    smtp_address_preference: str  # "any", "ipv4", "ipv6"
    smtp_balance_inet_protocols: bool
    smtp_randomize_addresses: bool
    smtp_mx_address_limit: int
    smtp_mx_session_limit: int
    smtp_sasl_auth_soft_bounce: bool
    smtp_skip_5xx_greeting: bool
    smtp_connection_cache_destinations: DomainList
    smtp_dns_support_level: str  # "disabled", "enabled", "dnssec"; "" is one of the first two
    smtp_tls_security_level: str
    smtp_tls_policy_maps: tuple[Table, ...]
    smtp_tls_fingerprint_cert_match: str
    smtp_tls_enforce_sts_mx_patterns: bool
    smtp_tls_wrappermode: bool
    soft_bounce: bool
    resolve_numeric_domain: bool
    recipient_delimiter: str
    smtpd_relay_restrictions: tuple[str, ...]
    smtpd_recipient_restrictions: tuple[str, ...]
    unknown_address_reject_code: int
    hopcount_limit: int
    smtp_connect_timeout: int
    smtp_helo_timeout: int
    smtp_mail_timeout: int
    smtp_rcpt_timeout: int
    smtp_data_init_timeout: int
    smtp_data_xfer_timeout: int
    smtp_data_done_timeout: int
    queue_run_delay: int
    minimal_backoff_time: int
    maximal_backoff_time: int
    maximal_queue_lifetime: int
    bounce_queue_lifetime: int
    delay_warning_time: int
    smtp_tls_loglevel: str
    lmtp_tls_loglevel: str
    transports: Mapping[str, str]  # the services of master.cf: name to command
    unplanned: Mapping[str, tuple[str, tuple[Table, ...]]]  # of UNPLANNED, what is set: value, and its tables
    acting: tuple[tuple[str, str], ...]  # lists of checks that can send a message elsewhere, and the action
    services: Mapping[str, Settings]  # what holds in services of master.cf that have -o of their own: by name
    altered: tuple[tuple[str, str], ...]  # (program, parameter) of cleanup(8) and the like: -o that is not followed

    def within(self, service: str) -> Settings:
        """Return what holds in a service of master.cf, a transport's or (":25") a port's."""
        return self.services.get(service, self)

    @property
    def unread(self) -> tuple[str, ...]:
        """The routing tables whose contents are not known here, each as "parameter = type:name"."""
        tables = {
            "virtual_alias_maps": self.virtual_alias_maps,
            "transport_maps": self.transport_maps,
            "sender_dependent_default_transport_maps": self.sender_dependent_default_transport_maps,
            "sender_dependent_relayhost_maps": self.sender_dependent_relayhost_maps,
            "mydestination": self.mydestination.tables,
            "relay_domains": self.relay_domains.tables,
            "virtual_alias_domains": self.virtual_alias_domains.tables,
            "virtual_mailbox_domains": self.virtual_mailbox_domains.tables,
        }
        return tuple(f"{name} = {table}" for name, found in tables.items() for table in found if not table.readable)

    @property
    def logs_tls(self) -> bool:
        """Whether each TLS session that this host begins is logged, whatever transport begins it."""
        levels = [self.smtp_tls_loglevel, self.lmtp_tls_loglevel]
        levels += [each["level"] for command in self.transports.values() for each in LOGLEVEL.finditer(command)]
        return not any(level in ("", "0", "none") for level in levels)

    def program(self, transport: str) -> str | None:
        """Return the program of master.cf behind a transport ("smtp", "lmtp", "pipe" ...), None if there is none."""
        command = self.transports.get(transport)
        return command.split(None, 1)[0] if command else None


class SettingsError(LabError):
    """A main.cf that Postfix would not take; ``problems`` has everything that is wrong with it."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        """*problems* is not empty."""
        self.problems = problems
        super().__init__("\n".join(map(str, problems)), hint="`postconf -n` on the host shows what Postfix reads")


def read(
    text: str,
    hostname: str,
    *,
    file: str = "main.cf",
    tables: Mapping[str, str] | None = None,
    master_cf: str | None = None,
) -> Settings:
    """Return the settings in *text*, or raise :class:`SettingsError`.

    *hostname*: the machine's own name, which myhostname is by default. *tables*: file name to contents, for
    "texthash:/etc/postfix/transport" and the like; ``unread`` names a table that is not among them. *master_cf*: its
    text; None stands for the one that Postfix comes with.
    """
    found, problems = entries(text, file)
    known = services(master_cf or "")
    names = STOCK if master_cf is None else transports(known)
    whole = _settings(_Reader(found, hostname, file, tables or {}, problems), names)
    own = {}
    for each in known if not problems else ():
        if SAY & each.own.keys() and (each.program in CLIENTS or each.program == "smtpd"):
            overlaid = found | {name: Entry(name, value, 0) for name, value in each.own.items()}
            place = f"{each.name} of master.cf"
            own[_key(each)] = _settings(_Reader(overlaid, hostname, place, tables or {}, problems), names)
    if problems:
        raise SettingsError(tuple(sorted(problems, key=lambda problem: problem.line or 0)))
    routers = (each for each in known if each.program in ROUTERS)
    altered = tuple((each.program, name) for each in routers for name in each.own if name in SAY)
    return replace(whole, services=own, altered=altered)


def _settings(reader: _Reader, names: Mapping[str, str]) -> Settings:
    values = {field.name: reader.value(field.name) for field in fields(Settings) if field.name not in NO_PARAMETERS}
    unplanned, actions = reader.unplanned()
    return Settings(**values, transports=names, unplanned=unplanned, acting=actions, services={}, altered=())  # type: ignore[arg-type]  # PARSERS has a parser for each field's type


def _key(service: Service) -> str:
    """Return the name of a transport, and of a listener its port: ":25"."""
    if service.type == "unix":
        return service.name
    name = "smtp" if service.type == "pass" else service.name.rpartition(":")[2]  # what postscreen(8) passes on
    try:
        return f":{port(name)}"
    except ValueError:  # a port by a name that is no mail service's
        return f":{name}"


class _Reader:
    """Expands and converts one file's parameters, and notes what is wrong with them."""

    def __init__(
        self,
        found: Mapping[str, Entry],
        hostname: str,
        file: str,
        files: Mapping[str, str],
        problems: list[Problem],
    ) -> None:
        self._files = files
        self._found = found
        self._hostname = hostname
        self._file = file
        self._problems = problems
        self._open: list[str] = []  # the parameters being expanded, outermost first

    def value(self, name: str) -> object:
        """Return a parameter's value in its type.

        A bad one is a problem, and the default stands in for it.
        """
        parser = PARSERS.get(name, as_text)
        entry = self._found.get(name)
        try:
            return parser(name, self._expanded(name), self._files)
        except ValueError as error:  # an ExpansionError is one
            line = entry.line if entry else 0
            self._problems.append(Problem(f"{name}: {error}", file=self._file, line=line))
            return None

    def unplanned(self) -> tuple[dict[str, tuple[str, tuple[Table, ...]]], tuple[tuple[str, str], ...]]:
        """Return what is set of UNPLANNED, and the checks that can send a message elsewhere."""
        found = {}
        for name, entry in UNPLANNED.items():
            value = self._text(name)
            if value != entry.planned and (name in self._found or name in DEFAULTS):
                found[name] = (value, table_list(value, self._files) if entry.keyed else ())
        return found, tuple(acting(self._text, self._files))

    def _text(self, name: str) -> str:
        """Return a parameter's value as text; one that cannot be expanded is as it stands."""
        try:
            return self._expanded(name)
        except ExpansionError:
            return self._raw(name)

    def _expanded(self, name: str) -> str:
        if name in self._open:
            raise ExpansionError(f"defined by itself: {' -> '.join([*self._open, name])}")
        self._open.append(name)
        try:
            return expand(self._raw(name), self._expanded).strip()
        finally:
            self._open.pop()

    def _raw(self, name: str) -> str:
        entry = self._found.get(name)
        if entry:
            return entry.value
        if name == "myhostname":
            return self._hostname
        if name == "mydomain":  # myhostname without its first label
            return self._expanded("myhostname").partition(".")[2] or DEFAULTS["mydomain"]
        return DEFAULTS.get(name, "")
