"""What a host that is brought along has of its own: in what it differs from the host of the world that it is like.

In: texts, as a test or a scenario gives them. Out: :class:`Own`, for :func:`lab.guest.start`.
Errors: LabError with every problem of the texts, each with its line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from lab import users
from lab.errors import LabError
from lab.settings import Problem, SettingsError
from lab.settings.dovecotconf import problems as dovecot_problems
from lab.settings.maincf import entries

MAILSTORE = "mailstore"  # the role; a host with another one is a Postfix
UNKNOWN = re.compile(rb"unused parameter: ([^=\n]+)=")  # postconf(1), of a name in main.cf that nothing uses


@dataclass(frozen=True, slots=True)
class Own:
    """``files`` go below ``folder``. The host takes connections when its log has ``ready``."""

    folder: str
    files: Mapping[str, str]
    ready: bytes
    settings: str  # what to look at when it does not start
    environment: Mapping[str, str] = field(default_factory=dict)
    appended: Mapping[str, str] = field(default_factory=dict)  # what the start adds to files that are there already
    accounts: Mapping[str, str] = field(default_factory=dict)  # names, or addresses, to passwords
    refused: Callable[[bytes], list[str]] = lambda _: []  # the log up to then, to what is wrong with the settings


def postfix(name: str, main_cf: str, master_cf: str, files: Mapping[str, str]) -> Own:
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


def mailstore(name: str, dovecot_conf: str, accounts: str, files: Mapping[str, str]) -> Own:
    """Return what a Dovecot called *name* has of its own.

    *dovecot_conf*: lines to add to dovecot.conf, where a later setting replaces an earlier one; *accounts*: lines
    "name:password" of those who have a mailbox, in place of the world's users; *files*: file names below /etc/dovecot
    to contents.
    """
    known, wrong = users.own(accounts)
    problems = list(dovecot_problems(dovecot_conf, f"{name}: dovecot_conf"))
    problems += [Problem(f"{name}: users", line, problem) for line, problem in wrong]
    if problems:
        raise LabError("\n".join(map(str, problems)), hint="write dovecot.conf as for Dovecot 2.4")
    passwd = "".join(f"{account}:{{PLAIN}}{password}::::::\n" for account, password in known.items())
    return Own(
        folder="/etc/dovecot",
        files={
            **({"guest.conf": dovecot_conf} if dovecot_conf else {}),
            **({"users": passwd} if known else {}),
            **files,
        },
        ready=b" starting up for ",  # master says so when all its services listen
        settings="dovecot_conf",
        accounts=known,
    )


def _unknown(log: bytes, parameters: Collection[str], place: str) -> list[str]:
    """Return which of *parameters* Postfix does not know, as a host's first lines tell."""
    unknown = {each.decode("utf-8", "replace") for each in UNKNOWN.findall(log)} & set(parameters)
    return [
        f"{place}: Postfix has no parameter {each}, and nothing uses it: is it misspelt?" for each in sorted(unknown)
    ]
