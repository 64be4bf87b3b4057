"""What a notice says of each recipient (RFC 3464), in the words of Postfix and of others, whole and cut."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import quote

import pytest

from lab.route.events import Reported
from lab.servers import delivery_status
from lab.servers.dovecot import log as dovecot

POSTFIX = """\
Reporting-MTA: dns; mx1.dest.test
X-Postfix-Queue-ID: 4jYhbX288FzDPPg
X-Postfix-Sender: rfc822; ana@home.test
Arrival-Date: Sat, 28 Nov 2026 09:18:45 +0000 (UTC)

Final-Recipient: rfc822; cai@dest.test
Original-Recipient: rfc822;bia@dest.test
Action: relayed
Status: 2.0.0
Diagnostic-Code: smtp; 250 2.0.0 Ok: queued as S000001

Final-Recipient: rfc822; "d, e"@dest.test
Action: expanded
Status: 2.0.0
"""
BOTH = ("relayed cai@dest.test", 'expanded "d, e"@dest.test')


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_each_recipient_has_an_action(line_end: str) -> None:
    assert delivery_status.actions(POSTFIX.replace("\n", line_end)) == BOTH
    assert delivery_status.actions(POSTFIX.rstrip().replace("\n", line_end)) == BOTH


def test_names_know_no_case_and_fields_may_be_folded() -> None:
    assert delivery_status.actions("x: y\n\naction: Delivered\nFINAL-RECIPIENT: utf-8;\n ü@x.test\n") == (
        "delivered ü@x.test",
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Action: relayed\n",
        "Final-Recipient: rfc822; a@x.test\nAction: relay",
        "Action: relayed\n\nFinal-Recipient: rfc822; a@x.test\n",
    ],
)
def test_what_is_cut_or_no_report_says_nothing(text: str) -> None:
    assert delivery_status.actions(text) == ()


@pytest.mark.parametrize("script", ["", "before: "])
def test_dovecot_says_it_in_one_line(script: str) -> None:
    at = datetime(2026, 11, 28, tzinfo=UTC)
    status = quote(POSTFIX.replace("\n", "\r\n"), safe="")
    line = f"Nov 28 09:18:45 lmtp(ana@home.test)<40><PtUC>: Info: sieve: {script}DEBUG: delivery-status {status}"
    assert dovecot.parse("mailstore", at, line) == Reported(
        host="mailstore", at=at, session="PtUC", user="ana@home.test", actions=BOTH
    )
