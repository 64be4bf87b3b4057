"""The whole way: submission, smarthost, MX, mail delivery agent, mailbox, and who is refused where."""

from __future__ import annotations

import re
from email.message import EmailMessage, Message

from lab import Lab
from lab.route.events import Received
from tests.lab.inside import inside

from .story import answers, departures, looked_up


def test_full_path(lab: Lab) -> None:
    route = lab.send(to=f"bia@{lab.domain}").route()
    assert route.hops == ["client", "smarthost", "mx1"]
    assert answers(route) == ["smarthost accepted end-of-data", "mx1 accepted end-of-data"]
    assert [each.tls for each in route.attempts] == ["TLSv1.3", "TLSv1.3"]
    assert (route.outcome, route.accepted_by, route.mailbox, route.copies) == ("delivered", "mx1", "INBOX", 1)
    assert lab.contacted() == {"smarthost", "mx1"}
    assert departures(route) == []
    # RFC 5321 4.4: each host adds its Received field on top; the ids are those of the route.
    (stored,) = lab.mailbox(f"bia@{lab.domain}").find(route.message_id)
    received = [" ".join(field.split()) for field in stored.message.get_all("Received", [])]
    by = [re.search(r"by (\S+)", field)[1] for field in received]  # type: ignore[index]  # every Received has it
    assert by == ["mailstore.lab.test", "mx1.dest.test", "smarthost.isp.test", "client.home.test"]
    assert f"id {route.attempts[1].next_queue_id}" in received[1]
    assert f"id {route.attempts[0].next_queue_id}" in received[2]
    assert f"id {route.attempts[0].queue_id}" in received[3]


def test_several_recipients_have_a_route_each(lab: Lab) -> None:
    people = [f"bia@{lab.domain}", f"cai@{lab.domain}", f"nobody@{lab.domain}"]
    routes = lab.send(to=people, via="direct").routes()
    assert {person: routes[person].outcome for person in people} == dict(
        zip(people, ["delivered", "delivered", "bounced"], strict=True)
    )
    assert routes[people[2]].status == "5.1.1"
    assert answers(routes[people[2]]) == ["mx1 rejected rcpt"]
    assert lab.contacted() == {"mx1", "client"}  # client: the bounce to ana@home.test


def test_smarthost_auth_good_password(lab: Lab) -> None:
    sent = lab.send(to=f"bia@{lab.domain}", via="smarthost", login="customer")
    route = sent.route()
    assert route.hops == ["smarthost", "mx1"]
    assert route.mailbox == "INBOX"
    logins = [event.sasl_username for event in sent.events() if isinstance(event, Received)]
    assert logins == ["customer", None]  # with a password at the smarthost, as any host at mx1


def test_smarthost_auth_bad_password(lab: Lab) -> None:
    sent = lab.send(to=f"bia@{lab.domain}", via="smarthost", login=("customer", "wrong"))
    assert sent.receipt.final is not None
    assert sent.receipt.final.code == 535
    route = sent.route()
    assert (route.outcome, route.status, route.hops) == ("rejected", "5.7.8", [])
    assert lab.contacted() == frozenset()


def test_smarthost_auth_client_with_bad_password_keeps_the_message(lab: Lab) -> None:
    """smtp_sasl_auth_soft_bounce = yes: a wrong password is the operator's mistake; nobody's mail bounces for it."""
    lab.host(
        "badclient",
        like="client",
        main_cf="smtp_sasl_password_maps = inline:{ {[smarthost.isp.test]:587 = customer:wrong} }",
    )
    route = lab.send(to=f"bia@{lab.domain}", via="badclient").route()
    assert answers(route) == ["smarthost rejected auth"]
    assert (route.outcome, route.status) == ("deferred", "4.7.8")
    assert route.attempts[0].reply is not None
    assert route.attempts[0].reply.startswith("535 5.7.8")


def test_open_relay_refused(lab: Lab) -> None:
    """A stranger asks an MX and the smarthost's port 25 to relay: refused for good, not 454 as by Debian's default."""
    for via in ("mx1:25", "mx2:25", "mx3:25", "smarthost:25"):
        sent = lab.send(to="x@foreign.test", via=via)
        assert sent.receipt.final is None  # no recipient was accepted, so nothing was sent
        reply = sent.receipt.refused["x@foreign.test"]
        assert reply.code == 554, via
        assert str(reply) == "554 5.7.1 <x@foreign.test>: Relay access denied"
        assert sent.route().outcome == "rejected"
    assert lab.contacted() == frozenset()


def test_unknown_user(lab: Lab) -> None:
    """The receiving host checks recipients itself: the bounce is written by the sender, not by the receiver."""
    route = lab.send(to=f"nobody@{lab.domain}", via="direct").route()
    assert answers(route) == ["mx1 rejected rcpt"]
    assert (route.outcome, route.status, route.mailbox) == ("bounced", "5.1.1", None)
    assert "User unknown in virtual mailbox table" in (route.reason or "")
    assert not {"mx2", "mx3"} & lab.contacted()
    (notice,) = route.notifications
    assert (notice.kind, notice.host) == ("failed", "direct")
    assert departures(route) == []


def test_postmaster_and_plus_addresses(lab: Lab) -> None:
    routes = lab.send(to=[f"postmaster@{lab.domain}", f"bia+news@{lab.domain}"], via="direct").routes()
    assert routes[f"postmaster@{lab.domain}"].mailbox == "INBOX"
    assert routes[f"bia+news@{lab.domain}"].mailbox == "news"


def test_sieve_fileinto(lab: Lab) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "ana@home.test", f"bia@{lab.domain}", "You have won"
    message["X-Spam"] = "Yes"
    message.set_content("A prize.\n")
    route = lab.send(to=f"bia@{lab.domain}", message=message).route()
    assert (route.outcome, route.mailbox, route.accepted_by) == ("delivered", "Junk", "mx1")
    mailbox = lab.mailbox(f"bia@{lab.domain}")
    assert [each.mailbox for each in mailbox.find(route.message_id)] == ["Junk"]
    assert mailbox.messages("INBOX", route.message_id) == []


def test_bounce_dsn(lab: Lab) -> None:
    """RFC 3464: what a non-delivery notice says, and that it comes home."""
    person = f"nobody@{lab.domain}"
    route = lab.send(to=person, via="direct").route()
    (notice,) = route.notifications
    assert notice.route is not None
    assert (notice.route.sender, notice.route.recipient) == ("", "ana@home.test")
    assert (notice.route.outcome, notice.route.mailbox) == ("delivered", "INBOX")
    assert notice.route.attempted == ["client"]  # home.test's own mail exchanger
    (stored,) = lab.mailbox("ana@home.test").find(notice.route.message_id)
    assert stored.message["From"] == "Mail Delivery System <MAILER-DAEMON@home.test>"
    assert stored.message["Subject"] == "Undelivered Mail Returned to Sender"
    assert stored.message["Auto-Submitted"] == "auto-replied"
    assert stored.message.get_content_type() == "multipart/report"
    assert stored.message["Content-Type"].params["report-type"] == "delivery-status"
    _, status, original = stored.message.iter_parts()
    assert status.get_content_type() == "message/delivery-status"
    about_message, about_recipient = groups(status)
    assert about_message["Reporting-MTA"] == "dns; direct.home.test"
    assert about_message["X-Postfix-Queue-ID"] == route.attempts[0].queue_id
    assert about_recipient["Final-Recipient"] == f"rfc822; {person}"
    assert about_recipient["Action"] == "failed"
    assert about_recipient["Status"] == "5.1.1"
    assert about_recipient["Remote-MTA"] == "dns; mx1.dest.test"
    assert about_recipient["Diagnostic-Code"].startswith("smtp; 550 5.1.1")
    (returned,) = groups(original)
    assert returned["Message-ID"] == route.message_id


def groups(part: Message) -> list[Message]:
    """Return what a message/... part holds: groups of fields, or a message."""
    found = part.get_payload()
    assert isinstance(found, list)
    return [each for each in found if isinstance(each, Message)]


def test_relayhost_brackets(lab: Lab) -> None:
    """[smart]: that host. smart without brackets: the mail exchangers of that name (postconf(5), relayhost)."""
    domain = lab.zone(
        "smart       A $SCRIPTED_1\nsmart       MX 10 exchanger\nexchanger   A $SCRIPTED_2\nplain       A $SCRIPTED_3\n"
    )
    told = {
        f"[smart.{domain}]": ("smart", looked_up(f"smart.{domain}")),
        f"smart.{domain}": ("exchanger", [f"MX smart.{domain}.", *looked_up(f"exchanger.{domain}")]),
        f"plain.{domain}": ("plain", [f"MX plain.{domain}.", *looked_up(f"plain.{domain}")]),
    }
    for number, (relayhost, (target, questions)) in enumerate(told.items()):
        host = f"sender{number}"
        lab.host(host, main_cf=f"relayhost = {relayhost}")
        before = lab.asked(*(question.split()[1] for question in questions))
        route = lab.send(to="x@elsewhere.test", via=host).route()
        assert answers(route) == [f"{target} accepted end-of-data"], relayhost
        assert lab.asked(*(question.split()[1] for question in questions))[len(before) :] == questions
        assert departures(route) == []
    assert lab.asked("elsewhere.test") == []


def test_backup_mx_hold_forward(lab: Lab) -> None:
    """The backup keeps the message while the better exchanger is away, and never tries itself or a worse one."""
    domain = lab.new_domain()
    lab.host("backup", domain=domain, main_cf=f"relay_domains = {domain}")
    lab.zone("@ MX 10 mx1.dest.test.\n@ MX 20 backup\n@ MX 30 mx3.dest.test.\nbackup A $BACKUP\n", domain)
    with lab.fault("mx1", connect="refuse"):
        sent = lab.send(to=f"bia@{domain}", via="direct")
        kept = sent.route()
        assert kept.hops == ["direct", "backup"]
        assert answers(kept) == ["mx1 failed connect", "backup accepted end-of-data", "mx1 failed connect"]
        assert (kept.outcome, kept.status, kept.accepted_by) == ("deferred", "4.4.1", "backup")
        assert departures(kept) == []
    lab.queue("backup").flush()
    route = sent.route(until="delivered")
    assert route.hops == ["direct", "backup", "mx1"]
    assert (route.accepted_by, route.mailbox, route.copies) == ("mx1", "INBOX", 1)
    assert "mx3" not in lab.contacted()
    assert len(lab.mailbox(f"bia@{domain}").find(route.message_id)) == 1


def test_outlet_of_the_mail_store_relays_for_nobody_else(lab: Lab) -> None:
    """Port 10025 of an MX sends what Sieve redirects: from the mail store, and from no other host of the lab."""
    words = ["swaks", "--server", "mx1.dest.test:10025", "--to", "x@foreign.test", "--quit-after", "RCPT"]
    ran = inside(lab, "direct", *words)
    assert "<** 554 5.7.1 <x@foreign.test>" in ran.output, ran.said
    assert ran.exit_code != 0


def test_what_a_host_has_logged_about_this_test_and_no_other(lab: Lab) -> None:
    domain = lab.zone("@ MX 10 only\nonly A $SCRIPTED_1\n")
    own = lab.host("own")
    with lab.fault("only", connect="refuse"):
        sent = [lab.send(to=f"bia@{domain}", via=via) for via in ("direct", "own")]
        assert [each.route().outcome for each in sent] == ["deferred", "deferred"]
    lines = lab.logged("direct")
    queue_id = sent[0].receipt.queue_id or "none"
    assert [line for line in lines if f"connect to only.{domain}[" in line]
    assert [line for line in lines if f"{queue_id}: to=<bia@{domain}>" in line]
    assert [line for line in lines if domain not in line and queue_id not in line] == []
    assert [line for line in lab.logged("own") if "daemon started -- version" in line and own.name in line]
    assert lab.logged("mx1") == []
