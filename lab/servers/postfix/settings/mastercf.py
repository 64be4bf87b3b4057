"""Postfix's master.cf: its services, the program behind each, and what parameters a service has of its own (master(5)).

In: the text of a master.cf. Out: :func:`services`, which passes over a line that is none, and of them
:func:`transports`, those that the queue manager can hand mail to; :func:`problems` has what master(8) would not take,
and what nothing would ask; :func:`arguments` splits a text as Postfix splits one with braces.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from dnszone.problem import did_you_mean
from lab.servers.postfix.settings.maincf import NAME, logical_lines

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


@dataclass(frozen=True, slots=True)
class Service:
    """One service. ``own``: the parameters that it has with -o, in place of main.cf's."""

    name: str  # of the type inet: "smtp", "10026", "127.0.0.1:10026"
    type: str  # "inet", "unix", "pass"
    command: str
    own: Mapping[str, str] = field(default_factory=dict)

    @property
    def program(self) -> str:
        """The program of the service: "smtpd", "smtp", "pipe"."""
        return self.command.split(None, 1)[0]


def services(text: str) -> tuple[Service, ...]:
    """Return the services of a master.cf in order."""
    found = []
    for _, line in logical_lines(text):
        entry = line.split(None, FIELDS)
        if len(entry) > FIELDS:
            found.append(Service(entry[0], entry[1], entry[FIELDS], _own(entry[FIELDS])))
    return tuple(found)


def transports(found: Iterable[Service]) -> dict[str, str]:
    """Return the services that the queue manager can hand mail to, name to command; the last one of a name counts."""
    return {each.name: each.command for each in found if each.type == "unix"}


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
            yield line, f"{name}: {type_!r} is not a type of service", did_you_mean(type_, TYPES) or ", ".join(TYPES)
        elif type_ == "inet" and not port.isdigit() and port not in PORTS:
            yield line, f"no host knows a port {port!r}", did_you_mean(port, PORTS) or "write its number"
        elif type_ != "inet" and not STANDARD.fullmatch(name) and not _named(name, mentioned):
            yield line, f"nothing uses the service {name}", "a transport, content_filter or FILTER would name it"


def _own(command: str) -> dict[str, str]:
    """Return what stands behind each -o: "name=value", or "{ name = value }"."""
    found = {}
    for option, value in pairwise(arguments(command)):
        name, equals, setting = (value[1:-1] if value.startswith("{") else value).partition("=")
        if option == "-o" and equals and NAME.fullmatch(name.strip()):
            found[name.strip()] = setting.strip()
    return found


def arguments(command: str) -> Iterator[str]:
    """Split at white space; what stands in braces stays together."""
    word, depth = "", 0
    for letter in command + " ":
        depth += {"{": 1, "}": -1}.get(letter, 0)
        if not letter.isspace() or depth > 0:
            word += letter
        elif word:
            yield word
            word = ""


def _named(name: str, text: str) -> bool:
    """Return whether a text names a service other than by its own entry, and the parameters of its transport."""
    without = re.sub(rf"^{re.escape(name)}[ \t].*", "", text, flags=re.MULTILINE)
    return re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w.-])", without) is not None
