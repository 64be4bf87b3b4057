"""Postfix parameters that have a say in where mail goes and that the plan does not follow: it says so, and leaves off.

One table for all of postconf(5). What it does not name is either a field of
:class:`lab.servers.postfix.settings.Settings`, and planned, or has no say: it decides what a session answers (smtpd's
checks, TLS, SASL, milters that refuse), when mail is tried, what it looks like, or where further copies go (always_bcc
and its like).

In: a host's parameters. Out: :data:`UNPLANNED`; and :func:`acting`, which checks have a FILTER or a REDIRECT in them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from lab.servers.postfix.settings.maincf import words

At = Literal["arrival", "cleanup", "routing", "smtp", "local"]


@dataclass(frozen=True, slots=True)
class Entry:
    """A parameter that is not followed.

    ``planned``: the value for which the plan holds. ``at``: what must have its turn before it counts: "arrival" over
    SMTP (smtpd), "cleanup" of what comes in, the "routing" of the recipient, or its delivery by "smtp" or "local".
    ``keyed``: it is a table that is looked up by recipient.
    """

    at: At
    why: str
    planned: str = ""
    keyed: bool = False
    rule: str = "postconf(5)"


FILTERED = "The filter takes the message, and may hand it back here or to any other host."
REWRITTEN = "The recipient may be another one after it."
AGENT = "The delivery agent may hand the message to another transport or program, or send it on."
STATUS = "It may turn a failure into a deferral, and a deferral into a failure."

UNPLANNED: Mapping[str, Entry] = {
    "content_filter": Entry("arrival", FILTERED, rule="FILTER_README"),
    "smtpd_proxy_filter": Entry(
        "arrival", "It comes into the queue where the filter hands it on to.", rule="SMTPD_PROXY_README"
    ),
    "smtpd_command_filter": Entry("arrival", "RCPT TO may be another command after it."),
    "cleanup_service_name": Entry("arrival", "A cleanup(8) with settings of its own takes the message.", "cleanup"),
    "canonical_maps": Entry("cleanup", REWRITTEN, keyed=True, rule="canonical(5)"),
    "recipient_canonical_maps": Entry("cleanup", REWRITTEN, keyed=True, rule="canonical(5)"),
    "masquerade_classes": Entry("cleanup", REWRITTEN, "envelope_sender, header_sender, header_recipient"),
    "virtual_alias_address_length_limit": Entry("cleanup", "A longer result of an alias is no result.", "1000"),
    "append_at_myorigin": Entry("routing", "An address without a domain stays without one.", "yes"),
    "parent_domain_matches_subdomains": Entry(
        "routing",
        "Which lists of domains hold for subdomains too is another matter.",
        "debug_peer_list,fast_flush_domains,mynetworks,permit_mx_backup_networks,qmqpd_authorized_clients,"
        "relay_domains,smtpd_access_maps",
    ),
    "relocated_maps": Entry(
        "routing", "The recipient has moved: it is refused (5.1.6).", keyed=True, rule="relocated(5)"
    ),
    "resolve_dequoted_address": Entry("routing", "A quoted @ is no longer told from one that is not.", "yes"),
    "resolve_null_domain": Entry("routing", "An address that ends in @ is this host's own.", "no"),
    "rewrite_service_name": Entry("routing", "A trivial-rewrite(8) with settings of its own routes.", "rewrite"),
    "default_delivery_status_filter": Entry("routing", STATUS),
    "smtp_delivery_status_filter": Entry("smtp", STATUS),
    "smtp_bind_address_enforce": Entry("smtp", "Without its own address it makes no connection.", "no"),
    "smtp_connection_cache_on_demand": Entry(
        "smtp",
        "Where much mail waits for one destination, an open session is used first, whoever it is with.",
        "no",
        rule="CONNECTION_CACHE_README",
    ),
    "smtp_dns_reply_filter": Entry("smtp", "DNS records may be dropped or altered before they are used."),
    "smtp_dns_resolver_options": Entry("smtp", "Names may be completed with this host's domain."),
    "smtp_generic_maps": Entry("smtp", "The next host is told another recipient.", keyed=True, rule="generic(5)"),
    "smtp_host_lookup": Entry("smtp", "/etc/hosts may know addresses that the zones do not.", "dns"),
    "smtp_tls_per_site": Entry("smtp", "It may forbid a connection. Its successor smtp_tls_policy_maps is planned."),
    "use_srv_lookup": Entry("smtp", "SRV records come before MX records."),
    "fallback_transport": Entry("local", AGENT),
    "fallback_transport_maps": Entry("local", AGENT),
    "luser_relay": Entry("local", "A user who is not known here may be known elsewhere."),
    "mailbox_command": Entry("local", AGENT),
    "mailbox_command_maps": Entry("local", AGENT),
    "mailbox_transport": Entry("local", AGENT),
    "mailbox_transport_maps": Entry("local", AGENT),
}

CHECKS = (
    "header_checks",
    "mime_header_checks",
    "nested_header_checks",
    "body_checks",
    "milter_header_checks",
    "smtpd_client_restrictions",
    "smtpd_helo_restrictions",
    "smtpd_sender_restrictions",
    "smtpd_relay_restrictions",
    "smtpd_recipient_restrictions",
    "smtpd_data_restrictions",
    "smtpd_end_of_data_restrictions",
)
ACTION = re.compile(r"(?<![\w$-])(?P<action>FILTER|REDIRECT)\s+[^\s#]", re.IGNORECASE)
SOURCE = re.compile(r"\w+:(?P<file>/[\w./-]+)")


def acting(value: Callable[[str], str], files: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield (parameter, action) for each list of checks that can send a message elsewhere.

    *value*: what a parameter says, "" for nothing; *files*: the tables that can be read here, by name.
    """
    for name in CHECKS + tuple(words(value("smtpd_restriction_classes"))):
        text = value(name)
        parts = (text, *(files.get(found["file"], "") for found in SOURCE.finditer(text)))
        lines = (line for part in parts for line in part.splitlines() if not line.lstrip().startswith("#"))
        hit = next((found for line in lines if (found := ACTION.search(line))), None)
        if hit:
            yield name, hit["action"].upper()
