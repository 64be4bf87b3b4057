"""What smtpd(8) refuses while the client still waits, as far as zone and settings decide it.

In: a recipient's domain and its class. Out: :class:`Refusal`, None where the recipient is taken.
"""

from __future__ import annotations

from dataclasses import dataclass

from lab.plan.answers import Asker, Purpose, address_of
from lab.plan.postfix.address import FINAL
from lab.servers.postfix.settings import Settings

KNOWN: Purpose = ("Does the domain take mail at all? Asked while the client waits.", "reject_unknown_recipient_domain")
NULL_MX = "5.1.10"  # with 556, RFC 7505 4.2
UNKNOWN = "1.2"  # RFC 3463: bad destination system address; the class is that of unknown_address_reject_code


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a recipient is refused at RCPT."""

    status: str
    reason: str
    rule: str


def refusal(domain: str, kind: str, settings: Settings, asker: Asker) -> Refusal | None:
    """Return why smtpd refuses a recipient at *domain*, after reject_unknown_mailhost()."""
    if kind in FINAL or address_of(domain.strip("[]")) or not _looked_up(settings):
        return None
    why = _unknown(domain, asker)
    if why is None:
        return None
    rule = "reject_unknown_recipient_domain"
    if why == "nullmx":
        return Refusal(NULL_MX, f"Domain {domain} does not accept mail (nullMX)", f"{rule}; RFC 7505 4.2")
    code = 450 if why == "retry" else settings.unknown_address_reject_code
    text = "Malformed DNS server reply" if why == "invalid" else "Domain not found"
    return Refusal(f"{code // 100}.{UNKNOWN}", text, f"{rule}; unknown_address_reject_code")


def _looked_up(settings: Settings) -> bool:
    """Return whether the restriction is reached by every client: no "permit" that may depend on it stands before."""
    for listed in (settings.smtpd_relay_restrictions, settings.smtpd_recipient_restrictions):
        for word in listed:
            if word == "reject_unknown_recipient_domain":
                return True
            if word.startswith("permit"):
                break
    return False


def _unknown(domain: str, asker: Asker) -> str | None:
    """Return why there is neither a mail exchanger nor an address, None if there is one (dns_lookup_l())."""
    gravest = None
    for type_ in ("MX", "A", "AAAA"):
        outcome = asker.ask(domain, type_, KNOWN).outcome
        if outcome == "ok":
            return None
        if outcome in ("nullmx", "invalid"):
            return outcome
        gravest = "retry" if "retry" in (outcome, gravest) else outcome
    return gravest
