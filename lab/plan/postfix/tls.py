"""What TLS has to say before the first connection: the level of a destination, and hosts that it rules out.

After smtp_tls_policy.c. What comes of a handshake is an answer, and no part of a plan; but a policy that Postfix cannot
read, or that wants what the zones do not have, keeps it from connecting at all. Zones have no DNSSEC: only a fault of
the kind "ad" says that an answer is secure. So there is no TLSA record that counts: "dane" is "may", and "dane-only"
lets nothing out.

In: a destination and the host's settings. Out: :class:`Policy`. A table that cannot be read here has no entry.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lab.plan.answers import HOSTNAME
from lab.plan.postfix.keys import first
from lab.servers.postfix.settings import Settings
from lab.servers.postfix.settings.mastercf import arguments

LEVELS = ("none", "may", "encrypt", "fingerprint", "dane", "dane-only", "verify", "secure")
STS = frozenset({"policy_ttl", "policy_domain", "policy_string", "mx_host_pattern", "policy_failure"})
MATCHING = {"match": ("fingerprint", "verify", "secure"), "tafile": ("verify", "secure")}  # levels that have them
REPEATED = frozenset({"match", "tafile", "connection_reuse", "enable_rpk", "policy_string", "mx_host_pattern"})
ATTRIBUTES: Mapping[str, Callable[[str], bool]] = {  # and which values each takes
    **dict.fromkeys(("ciphers", "match", "tafile"), bool),
    **dict.fromkeys(("protocols", "exclude", "policy_string", "mx_host_pattern", "policy_failure"), lambda _: True),
    **dict.fromkeys(("servername", "policy_domain"), lambda value: HOSTNAME.fullmatch(value) is not None),
    **dict.fromkeys(("connection_reuse", "enable_rpk"), lambda value: value.lower() in ("yes", "no")),
    "policy_ttl": str.isdigit,
    "policy_type": lambda value: value.lower() in ("tlsa", "sts", "no-policy-found"),
}
PROBLEM = "client TLS configuration problem"
UNAVAILABLE = "server unavailable or unable to receive mail"  # what smtp_connect(3) says when it has tried nobody
RULE = "smtp_tls_policy_maps"


@dataclass(frozen=True, slots=True)
class Policy:
    """The level. ``reason``: why no host is connected to, None where some may be. ``patterns``: those of STS."""

    level: str
    reason: str | None = None
    status: str = "4.7.5"
    why: str = ""
    rule: str = "smtp_tls_security_level"
    patterns: tuple[str, ...] = ()

    def authorizes(self, name: str) -> bool:
        """Return whether an exchanger is one of the policy's (match_sts_mx_host_pattern())."""
        parent = name.lower().partition(".")[2]
        return not self.patterns or any(
            pattern.lower() in (name.lower(), f"*.{parent}" if parent else None) for pattern in self.patterns
        )


def policy(destination: str, settings: Settings, *, exchangers: bool) -> Policy:
    """Return what holds for a destination as relayhost, transport_maps or the recipient's domain names it.

    *exchangers*: whether it was found by MX records.
    """
    level, rule = settings.smtp_tls_security_level.lower() or "none", "smtp_tls_security_level"
    text = _entry(destination, settings)
    attributes: list[tuple[str, str | None]] = []
    if text is not None:
        rule = RULE
        word, *rest = [*arguments(text.replace(",", " "))] or [""]
        level = word.lower()
        attributes = [_pair(each) for each in rest]
        problem = _problem(level, attributes) if level != "none" else None
        if problem:
            why = f"The policy {text!r} is none that Postfix can read: {problem}"
            return Policy(level, PROBLEM, why=why, rule=rule)
    named = {name: value or "" for name, value in attributes}
    if level == "fingerprint" and "match" not in named and not settings.smtp_tls_fingerprint_cert_match:
        return Policy(level, PROBLEM, why="The level is fingerprint, and there is none to match.", rule=rule)
    if level == "dane-only":
        return _dane_only(settings, rule, exchangers=exchangers)
    if settings.smtp_tls_wrappermode and level in ("none", "may"):
        why = "smtp_tls_wrappermode wants a level of encrypt or more."
        return Policy(level, UNAVAILABLE, "4.3.0", why, "smtp_tls_wrappermode")
    sts = named.get("policy_type", "").lower() == "sts" and "match" in named
    sts = sts and settings.smtp_tls_enforce_sts_mx_patterns
    patterns = tuple(value for name, value in attributes if value and name == "mx_host_pattern") if sts else ()
    return Policy(level, rule=rule, patterns=patterns)


def _entry(destination: str, settings: Settings) -> str | None:
    """Return the entry of the destination, or of a domain above it where it is a bare host name."""
    keys = [destination]
    if HOSTNAME.fullmatch(destination):
        labels = destination.split(".")
        keys += ["." + ".".join(labels[index:]) for index in range(1, len(labels))]
    return next((found for key in keys if (found := first(settings.smtp_tls_policy_maps, key)) is not None), None)


def _pair(text: str) -> tuple[str, str | None]:
    name, equals, value = text.strip("{}").partition("=")
    return name.strip().lower(), value.strip() if equals else None


def _problem(level: str, attributes: list[tuple[str, str | None]]) -> str | None:
    """Return what tls_policy_lookup_one() would object to, None for a policy that it takes."""
    if level not in LEVELS:
        return f"{level!r} is not a level." if level else "it is empty."
    seen: set[str] = set()
    for name, value in attributes:
        if problem := _objection(level, name, value, twice=name in seen):
            return problem
        seen.add(name)
    if "policy_type" not in seen and seen & STS:
        return f"{min(seen & STS)!r} without a policy_type."
    return None


def _objection(level: str, name: str, value: str | None, *, twice: bool) -> str | None:
    wrong = None
    if name not in ATTRIBUTES:
        wrong = f"{name!r} is not an attribute."
    elif name in MATCHING and level not in MATCHING[name]:
        wrong = f"{name!r} does not go with {level!r}."
    elif twice and name not in REPEATED:
        wrong = f"{name!r} is there twice."
    elif value is None or not ATTRIBUTES[name](value):
        wrong = f"{name}={value} is not a value of it." if value else f"{name!r} has no value."
    return wrong


def _dane_only(settings: Settings, rule: str, *, exchangers: bool) -> Policy:
    """Say why dane-only lets nothing out (dane_init())."""
    if "dns" not in settings.smtp_host_lookup or settings.smtp_dns_support_level != "dnssec":
        why = "dane-only wants smtp_dns_support_level = dnssec."
        return Policy("dane-only", PROBLEM, why=why, rule=f"{rule}; smtp_dns_support_level")
    if settings.ignore_mx_lookup_error:
        why = "dane-only wants ignore_mx_lookup_error = no."
        return Policy("dane-only", PROBLEM, why=why, rule=f"{rule}; ignore_mx_lookup_error")
    reason = "non DNSSEC destination" if exchangers else "no TLSA records found"
    why = "dane-only wants a TLSA record that DNSSEC vouches for, and no zone here is signed."
    return Policy("dane-only", reason, why=why, rule=f"{rule}; RFC 7672 2.2")
