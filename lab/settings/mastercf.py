"""Postfix's master.cf: which transports there are, and the program behind each (master(5)).

In: the text of a master.cf. Out: :func:`transports`, which passes over a line that is no service; :func:`problems` has
what master(8) would not take, and what nothing would ask.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from dnszone.problem import did_you_mean
from lab.settings.maincf import logical_lines

FIELDS = 7  # name, type, private, unprivileged, chroot, wake-up, process limit; then the command

STOCK: Mapping[str, str] = {
    "smtp": "smtp",
    "relay": "smtp",
    "lmtp": "lmtp",
    "local": "local",
    "virtual": "virtual",
    "error": "error",
    "retry": "error",
    "discard": "discard",
}
"""The transports of the master.cf that Postfix comes with."""
STANDARD = re.compile(
    "pickup|cleanup|qmgr|tlsmgr|rewrite|bounce|defer|trace|verify|flush|proxymap|proxywrite|showq|anvil|scache|postlog|"
    "maildrop|smtpd|dnsblog|tlsproxy|" + "|".join(STOCK)
)
"""Services that Postfix itself asks by these names."""
TYPES = ("inet", "unix", "unix-dgram", "fifo", "pass")
PORTS = ("lmtp", "smtp", "smtps", "submission", "submissions")  # known_tcp_ports


def transports(text: str) -> dict[str, str]:
    """Return the services that the queue manager can hand mail to, name to command; the last entry of a name counts."""
    found = {}
    for _, line in logical_lines(text):
        words = line.split(None, FIELDS)
        if len(words) > FIELDS and words[1] == "unix":
            found[words[0]] = words[FIELDS]
    return found


def problems(text: str, mentioned: str) -> Iterator[tuple[int, str, str | None]]:
    """Yield line, problem and hint of each service that could not be started, or that nothing would ever ask.

    *mentioned*: every text in which a service of this host may be named, this one included.
    """
    for line, entry in logical_lines(text):
        name, *words = entry.split(None, FIELDS)
        if len(words) < FIELDS:
            fields = "name, type, private, unprivileged, chroot, wake-up, process limit, command"
            yield line, f"{name!r} has {len(words) + 1} fields of {FIELDS + 1}", fields
            continue
        type_, port = words[0], name.rpartition(":")[2]
        if type_ not in TYPES:
            yield line, f"{name}: {type_!r} is no type of service", did_you_mean(type_, TYPES) or ", ".join(TYPES)
        elif type_ == "inet" and not port.isdigit() and port not in PORTS:
            yield line, f"no host knows a port {port!r}", did_you_mean(port, PORTS) or "write its number"
        elif type_ != "inet" and not STANDARD.fullmatch(name) and not _named(name, mentioned):
            yield line, f"nothing uses the service {name}", "a transport, content_filter or FILTER would name it"


def _named(name: str, text: str) -> bool:
    """Return whether a text names a service other than by its own entry, and the parameters of its transport."""
    without = re.sub(rf"^{re.escape(name)}[ \t].*", "", text, flags=re.MULTILINE)
    return re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w.-])", without) is not None
