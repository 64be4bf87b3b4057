"""What is wrong with the hosts that a scenario brings along: their names, settings, users and scripts.

In: a scenario, and a value for each of its variables. Problems are noted with their path.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from dnszone.problem import did_you_mean
from lab.scenario.format.model import Host, Scenario
from lab.scenario.format.problem import Notes, joined
from lab.scenario.format.variables import MAIL, STORE, VARIABLE, WORLD, replaced, variable
from lab.scenario.steps.run import Run
from lab.servers import software
from lab.servers.dovecot import conf
from lab.servers.postfix.settings import SettingsError, mastercf
from lab.servers.postfix.settings import read as read_settings
from lab.world import users
from lab.world.extra import CAPABILITIES, RESOLVER

NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")
LIKE = (*MAIL, STORE, *CAPABILITIES)


def check(scenario: Scenario, values: Mapping[str, str], notes: Notes) -> None:
    """Note every problem."""
    later = {variable(host.name): host.name for host in scenario.hosts}
    commands = [word for step in scenario.steps if isinstance(step, Run) for word in step.command]
    for host in scenario.hosts:
        place = f"hosts.{host.name}"
        if not NAME.fullmatch(host.name):
            notes.note(
                place, f"{host.name!r} is not a host name", "lower-case letters, digits and hyphens, a letter first"
            )
        elif host.name in WORLD:
            notes.note(place, f"the world has a host {host.name} already", "choose another name")
        if host.like not in LIKE:
            hint = did_you_mean(host.like, LIKE) or joined(LIKE)
            notes.note(f"{place}.like", f"{host.like!r} is not a host of the world to be like", hint)
        _check_keys(host, notes)
        _check_resolver(host, scenario, notes)
        _check_order(host, later, notes)
        later.pop(variable(host.name), None)
        for name in host.files:
            if "/" in name or name in ("main.cf", "master.cf", "dovecot.conf", ".", ".."):
                hint = "main_cf, master_cf and dovecot_conf have their own keys"
                notes.note(f"{place}.files.{name}", "is not a name of a table", hint)
        if host.store:
            _check_store(host, values, notes)
        elif host.mta:
            _check_postfix(host, values, commands, notes)


def _check_keys(host: Host, notes: Notes) -> None:
    """Note settings that a host of this kind does not have."""
    what = "mail store" if host.store else "Postfix" if host.mta else host.like
    mine = software.of_kind(host.like).keys + (("sieve",) if host.store else ())
    for key in ("main_cf", "master_cf", "dovecot_conf", "users", "sieve", "unbound_conf", "files"):
        if getattr(host, key) and key not in mine:
            problem = "is not a Postfix" if key in ("main_cf", "master_cf") else "has no such thing"
            notes.note(f"hosts.{host.name}.{key}", f"a {what} {problem}", f"it has {joined(mine) or 'nothing'}")


def _check_resolver(host: Host, scenario: Scenario, notes: Notes) -> None:
    """Note a resolver that is none, or that has not started when the host does."""
    if host.resolver is None:
        return
    earlier = scenario.hosts[: [each.name for each in scenario.hosts].index(host.name)]
    known = [each.name for each in earlier if each.like == RESOLVER]
    if host.resolver not in known:
        hint = (
            did_you_mean(host.resolver, known) or f'write [hosts.{host.resolver}] like = "{RESOLVER}" before this one'
        )
        notes.note(f"hosts.{host.name}.resolver", f"no resolver further up is called {host.resolver!r}", hint)


def check_user(user: str, path: str, notes: Notes, known: Collection[str] = ()) -> None:
    """Note a *user* whom nobody knows. *known*: those of a mail store; default: the world's."""
    found = known or users.passwords()
    if user not in found:
        where = "there" if known else "in the lab"
        hint = did_you_mean(user, found) or f"users: {joined(found)}"
        notes.note(path, f"nobody {where} is called {user!r}", hint)


def _check_order(host: Host, later: Mapping[str, str], notes: Notes) -> None:
    """A host has an address when it has started, and the hosts start in the order of the file."""
    for key in ("main_cf", "master_cf", "dovecot_conf"):
        text = getattr(host, key)
        for found in VARIABLE.finditer(text):
            if not found["escape"] and found["name"] in later:
                line = text.count("\n", 0, found.start()) + 1
                hint = "write that host first, or a name in the zone"
                notes.inside(f"hosts.{host.name}.{key}", line, f"{found[0]} has no address yet", hint)


def _check_postfix(host: Host, values: Mapping[str, str], commands: Collection[str], notes: Notes) -> None:
    """*commands*: the words of those that steps run, which may change a host's settings."""
    place = f"hosts.{host.name}"
    mentioned = "\n".join((host.main_cf, host.master_cf, *host.files.values(), *commands))
    for line, wrong, hint in mastercf.problems(replaced(host.master_cf, values), mentioned):
        notes.inside(f"{place}.master_cf", line, wrong, hint)
    tables = {f"/etc/postfix/{name}": replaced(text, values) for name, text in host.files.items()}
    try:
        read_settings(replaced(host.main_cf, values), f"{host.name}.domain.test", tables=tables)
    except SettingsError as error:
        for problem in error.problems:
            notes.inside(f"{place}.main_cf", problem.line, problem.problem)


def _check_store(host: Host, values: Mapping[str, str], notes: Notes) -> None:
    place = f"hosts.{host.name}"
    for problem in conf.problems(replaced(host.dovecot_conf, values), "dovecot_conf"):
        notes.inside(f"{place}.dovecot_conf", problem.line, problem.problem)
    known, wrong = users.own(replaced(host.users, values))
    for line, text in wrong:
        notes.inside(f"{place}.users", line, text, '"name:password"')
    for user in host.sieve:
        check_user(user, f"{place}.sieve.{user}", notes, {name.partition("@")[0] for name in known})
