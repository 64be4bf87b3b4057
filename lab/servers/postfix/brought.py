"""What a Postfix that is brought along has of its own, and what its first log lines say against that."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from lab.servers.brought import Own
from lab.servers.postfix.settings import SettingsError
from lab.servers.postfix.settings.maincf import entries

UNKNOWN = re.compile(rb"unused parameter: ([^=\n]+)=")  # postconf(1), of a name in main.cf that nothing uses


def own(name: str, main_cf: str, master_cf: str, files: Mapping[str, str]) -> Own:
    """Return what a Postfix called *name* has of its own.

    *main_cf*: lines in which it differs; *master_cf*: lines to add; *files*: file names below /etc/postfix to
    contents, for tables ("texthash:/etc/postfix/transport").
    """
    file = f"{name}: main.cf"
    parameters, problems = entries(main_cf, file)
    if problems:
        raise SettingsError(tuple(problems))
    return Own(
        folder="/etc/postfix",
        files={**({"guest-master.cf": master_cf} if master_cf else {}), **files},
        ready=b"daemon started -- version",  # master(8) says so when all its services listen
        settings="main_cf",
        environment={f"POSTFIX_{parameter}": entry.value for parameter, entry in parameters.items()},
        appended={
            "main.cf": "".join(f"{parameter} = {entry.value}\n" for parameter, entry in parameters.items()),
            "master.cf": master_cf,
        },
        refused=lambda log: _unknown(log, parameters, file),
    )


def _unknown(log: bytes, parameters: Collection[str], place: str) -> list[str]:
    """Return which of *parameters* Postfix does not know, as a host's first lines tell."""
    unknown = {each.decode("utf-8", "replace") for each in UNKNOWN.findall(log)} & set(parameters)
    return [
        f"{place}: Postfix has no parameter {each}, and nothing uses it: is it misspelt?" for each in sorted(unknown)
    ]
