"""What a Dovecot that is brought along has of its own."""

from __future__ import annotations

from collections.abc import Mapping

from dnszone.problem import Problem
from lab.errors import LabError
from lab.servers.brought import Own
from lab.servers.dovecot.conf import problems as wrong_lines
from lab.world import users as accounts


def own(name: str, dovecot_conf: str, users: str, files: Mapping[str, str]) -> Own:
    """Return what a Dovecot called *name* has of its own.

    *dovecot_conf*: lines to add to dovecot.conf, where a later setting replaces an earlier one; *users*: lines
    "name:password" of those who have a mailbox, in place of the world's users; *files*: file names below /etc/dovecot
    to contents.
    """
    known, wrong = accounts.own(users)
    problems = list(wrong_lines(dovecot_conf, f"{name}: dovecot_conf"))
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
