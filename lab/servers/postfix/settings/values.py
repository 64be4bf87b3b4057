"""The defaults of Postfix's routing parameters, and how the text of each becomes a value (postconf(5))."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from lab.servers.postfix.settings.maincf import words
from lab.servers.postfix.settings.tables import alias_list, domain_list, table_list

Files = Mapping[str, str]  # file name to contents
Parser = Callable[[str, str, Files], object]  # (parameter, expanded text, files) to value; ValueError for a bad text

DEFAULTS: Mapping[str, str] = {
    "compatibility_level": "0",
    "mydomain": "localdomain",  # unless myhostname has a domain: see read()
    "myorigin": "$myhostname",
    "mydestination": "$myhostname, localhost.$mydomain, localhost",
    "relay_domains": "${{$compatibility_level} <level {2} ? {$mydestination} : {}}",
    "virtual_alias_maps": "$virtual_maps",
    "virtual_alias_expansion_limit": "1000",
    "virtual_alias_recursion_limit": "1000",
    "propagate_unmatched_extensions": "canonical, virtual",
    "alias_maps": "lmdb:/etc/aliases",  # Debian's; elsewhere the type differs
    "virtual_alias_domains": "$virtual_alias_maps",
    "virtual_mailbox_domains": "$virtual_mailbox_maps",
    "transport_maps": "",
    "sender_dependent_default_transport_maps": "",
    "sender_dependent_relayhost_maps": "",
    "relayhost": "",
    "smtp_fallback_relay": "$fallback_relay",
    "default_transport": "smtp",
    "relay_transport": "relay",
    "virtual_transport": "virtual",
    "local_transport": "local:$myhostname",
    "best_mx_transport": "",
    "inet_protocols": "all",
    "inet_interfaces": "all",
    "proxy_interfaces": "",
    "disable_dns_lookups": "no",
    "smtp_host_lookup": "dns",
    "smtp_tcp_port": "smtp",
    "ignore_mx_lookup_error": "no",
    "smtp_defer_if_no_mx_address_found": "no",
    "smtp_address_preference": "any",
    "smtp_balance_inet_protocols": "yes",
    "smtp_randomize_addresses": "yes",
    "smtp_mx_address_limit": "5",
    "smtp_mx_session_limit": "2",
    "smtp_sasl_auth_soft_bounce": "yes",
    "smtp_skip_5xx_greeting": "yes",
    "smtp_connection_cache_destinations": "",
    "smtp_connection_cache_on_demand": "yes",
    "smtp_dns_support_level": "",
    "smtp_tls_security_level": "",
    "smtp_tls_policy_maps": "",
    "smtp_tls_fingerprint_cert_match": "",
    "smtp_tls_enforce_sts_mx_patterns": "yes",
    "smtp_tls_wrappermode": "no",
    "defer_transports": "",
    "receive_override_options": "",
    "append_dot_mydomain": "${{$compatibility_level} <level {1} ? {yes} : {no}}",
    "soft_bounce": "no",
    "resolve_numeric_domain": "no",
    "recipient_delimiter": "",
    "smtpd_relay_restrictions": "permit_mynetworks, permit_sasl_authenticated, defer_unauth_destination",
    "smtpd_recipient_restrictions": "",
    "unknown_address_reject_code": "450",
    "hopcount_limit": "50",
    "smtp_connect_timeout": "30s",
    "smtp_helo_timeout": "300s",
    "smtp_mail_timeout": "300s",
    "smtp_rcpt_timeout": "300s",
    "smtp_data_init_timeout": "120s",
    "smtp_data_xfer_timeout": "180s",
    "smtp_data_done_timeout": "600s",
    "queue_run_delay": "300s",
    "minimal_backoff_time": "300s",
    "maximal_backoff_time": "4000s",
    "maximal_queue_lifetime": "5d",
    "bounce_queue_lifetime": "5d",
    "delay_warning_time": "0h",
    "smtp_tls_loglevel": "0",
    "lmtp_tls_loglevel": "0",
}
"""As `postconf -d` of Postfix 3.10 prints them, macros included."""

TIME = re.compile(r"(?P<number>\d+)\s*(?P<unit>[smhdw]?)", re.IGNORECASE)
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
# The unit of a bare number, where it is not the second: the trap of "maximal_queue_lifetime = 30".
DEFAULT_UNIT = {"maximal_queue_lifetime": "d", "bounce_queue_lifetime": "d", "delay_warning_time": "h"}
PORTS = {"smtp": 25, "submission": 587, "submissions": 465, "smtps": 465, "lmtp": 24}


def seconds(name: str, text: str) -> int:
    """Return a time such as "5d" in seconds; a bare number has the parameter's own unit.

    Raises ValueError.
    """
    match = TIME.fullmatch(text)
    if not match:
        raise ValueError(f"bad time {text!r}; a number and one of s, m, h, d, w")
    return int(match["number"]) * SECONDS[match["unit"].lower() or DEFAULT_UNIT.get(name, "s")]


def as_text(_name: str, text: str, _files: Files) -> object:
    """Return the text as it is: the parser of every parameter that PARSERS does not name."""
    return text


def _number(_name: str, text: str, _files: Files) -> object:
    if not text.isdigit():
        raise ValueError(f"bad number {text!r}")
    return int(text)


def _boolean(_name: str, text: str, _files: Files) -> object:
    if text.lower() not in ("yes", "no"):
        raise ValueError(f"bad value {text!r}; yes or no")
    return text.lower() == "yes"


def _time(name: str, text: str, _files: Files) -> object:
    return seconds(name, text)


def _words(_name: str, text: str, _files: Files) -> object:
    return tuple(words(text))


def _domains(_name: str, text: str, files: Files) -> object:
    return domain_list(text, files)


def _tables(_name: str, text: str, files: Files) -> object:
    found = table_list(text, files)
    for table in found:
        if not table.name:
            raise ValueError(f"{table.type!r} is not a table; a table is type:name")
    return found


def _aliases(_name: str, text: str, files: Files) -> object:
    return alias_list(text, files)


def _protocols(_name: str, text: str, _files: Files) -> object:
    chosen = words(text.lower())
    if not chosen or set(chosen) - {"all", "ipv4", "ipv6"}:
        raise ValueError(f"bad protocols {text!r}; all, ipv4, ipv6")
    return tuple(family for family in ("ipv4", "ipv6") if family in chosen or "all" in chosen)


def _preference(_name: str, text: str, _files: Files) -> object:
    if text not in ("any", "ipv4", "ipv6"):
        raise ValueError(f"bad preference {text!r}; any, ipv4 or ipv6")
    return text


def _port(_name: str, text: str, _files: Files) -> object:
    return port(text)


def port(text: str) -> int:
    """Return the number of a port or well-known mail service. Raises ValueError."""
    if text in PORTS:
        return PORTS[text]
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise ValueError(f"bad port {text!r}")
    return int(text)


_BOOLEANS = (
    "disable_dns_lookups",
    "ignore_mx_lookup_error",
    "smtp_defer_if_no_mx_address_found",
    "smtp_balance_inet_protocols",
    "smtp_randomize_addresses",
    "smtp_sasl_auth_soft_bounce",
    "smtp_skip_5xx_greeting",
    "smtp_tls_enforce_sts_mx_patterns",
    "smtp_tls_wrappermode",
    "append_dot_mydomain",
    "soft_bounce",
    "resolve_numeric_domain",
)
_NUMBERS = (
    "smtp_mx_address_limit",
    "smtp_mx_session_limit",
    "virtual_alias_expansion_limit",
    "virtual_alias_recursion_limit",
    "unknown_address_reject_code",
    "hopcount_limit",
)
_WORDS = (
    "inet_interfaces",
    "proxy_interfaces",
    "smtp_host_lookup",
    "propagate_unmatched_extensions",
    "defer_transports",
    "receive_override_options",
    "smtpd_relay_restrictions",
    "smtpd_recipient_restrictions",
)
_TIMES = [name for name in DEFAULTS if name.endswith(("_timeout", "_time", "_lifetime", "_delay"))]
PARSERS: Mapping[str, Parser] = {
    **dict.fromkeys(_BOOLEANS, _boolean),
    **dict.fromkeys(_TIMES, _time),
    **dict.fromkeys(_NUMBERS, _number),
    **dict.fromkeys(_WORDS, _words),
    **dict.fromkeys(
        (
            "mydestination",
            "relay_domains",
            "virtual_alias_domains",
            "virtual_mailbox_domains",
            "smtp_connection_cache_destinations",
        ),
        _domains,
    ),
    **dict.fromkeys([name for name in DEFAULTS if name.endswith("_maps")], _tables),
    "alias_maps": _aliases,
    "inet_protocols": _protocols,
    "smtp_address_preference": _preference,
    "smtp_tcp_port": _port,
}
