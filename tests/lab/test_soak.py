"""`lab soak` on real servers: nobody is lost, and who is lost is found."""

from __future__ import annotations

from lab import Lab
from lab.soak import campaign, soak
from lab.soak.account import balance
from lab.soak.run import whereabouts
from tests.lab.inside import inside

SEED = 17
"""Of 20 messages; mx1 and the mail store are killed, the smarthost is stopped, scripted host and the DNS are wrong."""


def test_nobody_is_lost_under_random_faults(lab: Lab) -> None:
    rounds = campaign(20, SEED)
    places = {
        type(wrong.where) if isinstance(wrong.where, int) else wrong.where for each in rounds for wrong in each.wrong
    }
    assert places == {"dns", int, "mx1", "smarthost", "mailstore"}
    told: list[str] = []
    account = soak(lab, rounds, SEED, 60, told.append)
    assert account.bad == []
    assert (account.messages, account.unsent, len(told)) == (20, [], len(rounds) + 1)
    assert len(account.recipients) == sum(len(letter.to) for each in rounds for letter in each.letters)
    assert {each.fate.kind for each in account.recipients} >= {"delivered", "returned", "queued"}


def test_a_message_that_somebody_took_away_is_lost(lab: Lab) -> None:
    """From a queue, and from the host that had taken it."""
    gone = lab.zone("@ MX 10 gone\ngone A $MAILSTORE\n")
    waiting = lab.send(to=f"bia@{gone}", via="direct")
    assert waiting.route().outcome == "deferred"
    lab.send(to=f"bia@{lab.domain}", via="direct").route()
    assert [each.fate.kind for each in balance(*whereabouts(lab))] == ["queued", "delivered"]
    assert waiting.origin is not None
    remove(lab, "direct", f"find /var/spool/postfix -name {waiting.origin.queue_id} -delete")
    remove(lab, "mailstore", f"rm /srv/vmail/{lab.domain}/bia/Maildir/*/*.*")
    assert [each.fate.kind for each in balance(*whereabouts(lab))] == ["lost", "lost"]


def remove(lab: Lab, host: str, command: str) -> None:
    """Remove files of a host behind its daemons' backs."""
    assert inside(lab, host, "sh", "-c", command).exit_code == 0
