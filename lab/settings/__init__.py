"""What a Postfix host's main.cf says about routing, with Postfix 3.10's defaults for what it does not say.

In: main.cf text (:func:`read`); the contents of its lookup tables, and the text of master.cf, where they are known.
Out: :class:`Settings`, one field for each parameter that takes part in a routing decision, named after it.
Errors: :class:`SettingsError` with every problem of the text at once, each with file and line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields

from lab.errors import LabError
from lab.settings.maincf import Entry, ExpansionError, Problem, entries, expand
from lab.settings.mastercf import STOCK, transports
from lab.settings.tables import DomainList, Table
from lab.settings.values import DEFAULTS, PARSERS, as_text

__all__ = ["DEFAULTS", "DomainList", "Problem", "Settings", "SettingsError", "Table", "read"]


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
    "texthash:/etc/postfix/transport" and the like. A table that is not among them has no entries, and
    ``unread`` names it. *master_cf*: its text; None stands for the one that Postfix comes with.
    """
    found, problems = entries(text, file)
    reader = _Reader(found, hostname, file, tables or {}, problems)
    values = {field.name: reader.value(field.name) for field in fields(Settings) if field.name != "transports"}
    if problems:
        raise SettingsError(tuple(sorted(problems, key=lambda problem: problem.line)))
    services = STOCK if master_cf is None else transports(master_cf)
    return Settings(**values, transports=services)  # type: ignore[arg-type]  # PARSERS has a parser for each field's type


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
            self._problems.append(Problem(self._file, line, f"{name}: {error}"))
            return None

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
