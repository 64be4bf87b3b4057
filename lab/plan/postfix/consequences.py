"""What each kind of answer leads to: the decision rule of smtp_connect(3) and smtp_trouble(3)."""

from __future__ import annotations

from lab.route.plan import Consequence, Site
from lab.servers.postfix.settings import Settings


def consequences(sites: tuple[Site, ...], settings: Settings) -> tuple[Consequence, ...]:
    """Return them in the order of the SMTP dialogue, then what happens when nothing is left to try."""
    several = sum(group.at_most for site in sites for group in site.groups) > 1
    onward = "the next address" if several else "nothing is left"
    rows = [
        Consequence(
            f"refused, no route, or no answer in {duration(settings.smtp_connect_timeout)}",
            onward,
            "RFC 5321 5.1; smtp_connect_timeout",
        ),
        Consequence("a greeting of 4xx", onward, "RFC 5321 4.2.1"),
        _greeting(onward, settings),
        Consequence("4xx, a time-out or a lost connection later on", onward, "RFC 5321 4.2.1"),
        Consequence("250 for the final dot", "accepted: this host's work is done", "RFC 5321 4.2.5"),
        _rejection(onward, settings),
    ]
    if 0 < settings.smtp_mx_session_limit < sum(group.at_most for site in sites for group in site.groups):
        rows.append(
            Consequence(
                f"{_count(settings.smtp_mx_session_limit, 'session')} past EHLO without success",
                "no further address of this destination, even if one is left",
                "smtp_mx_session_limit",
            )
        )
    rows.append(Consequence("nothing is left", _deferral(settings), "RFC 5321 4.5.4.1; maximal_queue_lifetime"))
    return tuple(rows)


def _greeting(onward: str, settings: Settings) -> Consequence:
    if settings.smtp_skip_5xx_greeting:
        return Consequence("a greeting of 5xx", f"{onward}; not yet a rejection", "smtp_skip_5xx_greeting")
    return Consequence("a greeting of 5xx", "bounced at once", "RFC 5321 4.2.1; smtp_skip_5xx_greeting = no")


def _rejection(onward: str, settings: Settings) -> Consequence:
    if settings.soft_bounce:
        return Consequence(
            "5xx to MAIL FROM, RCPT TO, DATA or the final dot", f"taken for 4xx: {onward}", "soft_bounce"
        )
    return Consequence(
        "5xx to MAIL FROM, RCPT TO, DATA or the final dot", "bounced at once; nobody else is asked", "RFC 5321 4.2.1"
    )


def _deferral(settings: Settings) -> str:
    lifetime = settings.maximal_queue_lifetime
    if lifetime == 0:
        return "bounced: one try is all (maximal_queue_lifetime = 0)"
    least, most = duration(settings.minimal_backoff_time), duration(settings.maximal_backoff_time)
    return f"deferred; tried again after {least} to {most}, bounced after {duration(lifetime)}"


def duration(seconds: int) -> str:
    """Return a time as postconf(5) writes it, in the largest unit without a fraction: 300 is "5m"."""
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= size and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
