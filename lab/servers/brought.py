"""What a host that is brought along has of its own: in what it differs from the host of the world that it is like.

In: texts, as a test or a scenario gives them. Out: :class:`Own`, for :func:`lab.servers.guest.start`.
Errors: LabError with every problem of the texts, each with its line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from dnszone.problem import Problem
from lab.errors import LabError
from lab.servers.dovecot.conf import problems as dovecot_problems
from lab.servers.postfix.settings import SettingsError
from lab.servers.postfix.settings.maincf import entries
from lab.world import extra
from lab.world import users as accounts

MAILSTORE = "mailstore"  # the role; a host with another one is a Postfix
WRONG_LINE = re.compile(rb"own\.conf:(?P<line>\d+): error: (?P<problem>[^\n]+)")  # unbound-checkconf(8)
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
    capabilities: tuple[str, ...] | None = None  # None: those of the host that it is like


KEYS: Mapping[str, tuple[str, ...]] = {
    MAILSTORE: ("dovecot_conf", "users", "files"),
    extra.RESOLVER: ("unbound_conf",),
    extra.SCANNER: (),
}
POSTFIX_KEYS = ("main_cf", "master_cf", "files")
SOFTWARE: Mapping[str, str] = {MAILSTORE: "Dovecot", extra.RESOLVER: "resolver", extra.SCANNER: "scanner"}


def keys(role: str) -> tuple[str, ...]:
    """Return which settings of its own a host with this role may have."""
    return KEYS.get(role, POSTFIX_KEYS)


def of(role: str, name: str, **given: Any) -> Own:  # noqa: ANN401  texts, and a table of files
    """Return what a host called *name* has of its own. Raises LabError for settings that its kind does not have."""
    mine = keys(role)
    if foreign := [key for key, value in given.items() if value and key not in mine]:
        has = ", ".join(mine) or "no settings"
        raise LabError(f"{name} is a {SOFTWARE.get(role, 'Postfix')} and has no {' and no '.join(foreign)}", hint=has)
    return OF.get(role, postfix)(name, **{key: given[key] for key in mine})


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


def mailstore(name: str, dovecot_conf: str, users: str, files: Mapping[str, str]) -> Own:
    """Return what a Dovecot called *name* has of its own.

    *dovecot_conf*: lines to add to dovecot.conf, where a later setting replaces an earlier one; *users*: lines
    "name:password" of those who have a mailbox, in place of the world's users; *files*: file names below /etc/dovecot
    to contents.
    """
    known, wrong = accounts.own(users)
    problems = list(dovecot_problems(dovecot_conf, f"{name}: dovecot_conf"))
    problems += [Problem(problem, file=f"{name}: users", line=line) for line, problem in wrong]
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


def resolver(name: str, unbound_conf: str) -> Own:
    """Return what a caching resolver called *name* has of its own: lines of unbound.conf(5), where a later one counts.

    Lines that stand in no clause are those of ``server:``.
    """
    return Own(
        folder="/etc/unbound",
        files={"own.conf": unbound_conf} if unbound_conf else {},
        ready=b"start of service",
        settings="unbound_conf",
        refused=lambda log: [
            f"{name}: unbound_conf: line {each['line'].decode()}: {each['problem'].decode('utf-8', 'replace').strip()}"
            for each in WRONG_LINE.finditer(log)
        ],
        capabilities=extra.CAPABILITIES[extra.RESOLVER],
    )


def scanner(_: str) -> Own:
    """Return what a scanner has of its own: nothing but what it may do."""
    return Own(folder="/etc", files={}, ready=b"ready", settings="log", capabilities=extra.CAPABILITIES[extra.SCANNER])


OF: Mapping[str, Callable[..., Own]] = {MAILSTORE: mailstore, extra.RESOLVER: resolver, extra.SCANNER: scanner}


def _unknown(log: bytes, parameters: Collection[str], place: str) -> list[str]:
    """Return which of *parameters* Postfix does not know, as a host's first lines tell."""
    unknown = {each.decode("utf-8", "replace") for each in UNKNOWN.findall(log)} & set(parameters)
    return [
        f"{place}: Postfix has no parameter {each}, and nothing uses it: is it misspelt?" for each in sorted(unknown)
    ]
