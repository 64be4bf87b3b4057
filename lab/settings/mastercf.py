"""Postfix's master.cf: which transports there are, and the program behind each (master(5)).

In: the text of a master.cf. Out: :func:`transports`. A line that is no service is passed over: master(8) says what is
wrong with it.
"""

from __future__ import annotations

from collections.abc import Mapping

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


def transports(text: str) -> dict[str, str]:
    """Return the services that the queue manager can hand mail to, name to command; the last entry of a name counts."""
    found = {}
    for _, line in logical_lines(text):
        words = line.split(None, FIELDS)
        if len(words) > FIELDS and words[1] == "unix":
            found[words[0]] = words[FIELDS]
    return found
