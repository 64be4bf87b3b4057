"""Mail stores that a test brings along, and mailboxes as IMAP shows them."""

from __future__ import annotations

from typing import Any

import pytest

from lab import Lab, LabError

PLUGIN_OFF = "protocol lmtp {\n  mail_plugins {\n    sieve = no\n  }\n}\n"


def exchanger(lab: Lab, domain: str, main_cf: str = "") -> None:
    """Bring along an MX of *domain* that hands over to the domain's own store."""
    lab.host(
        "hub",
        like="mx1",
        domain=domain,
        main_cf=f"virtual_mailbox_domains = {domain}\nvirtual_transport = lmtp:inet:[store.{domain}]:24\n{main_cf}",
    )
    lab.zone("@ MX 10 hub\nhub A $HUB\nstore A $STORE\n", domain)


def test_store_of_ones_own_beside_the_worlds(lab: Lab) -> None:
    domain = lab.new_domain()
    store = lab.host("store", like="mailstore", domain=domain, dovecot_conf=PLUGIN_OFF)
    assert (store.role, store.fqdn, lab.mailstores) == ("mailstore", f"store.{domain}", ["mailstore", "store"])
    exchanger(lab, domain)
    sent = lab.send(to=f"bia+orders@{domain}", via="direct")
    route = sent.route()
    assert (route.outcome, route.mailbox, route.mailstore) == ("delivered", "INBOX", "store")
    (copy,) = lab.mailbox(f"bia@{domain}", at="store").find(route.message_id)
    assert copy.mailbox == "INBOX"
    assert lab.mailbox(f"bia@{domain}").find(route.message_id) == []
    assert lab.send(to=f"bia+orders@{lab.domain}", via="direct").route().mailstore == "mailstore"


def test_names_beyond_ascii_all_the_way(lab: Lab) -> None:
    """Into the mailbox (RFC 6531), and out of it: by AUTHENTICATE, and with a folder's name in modified UTF-7."""
    domain = lab.new_domain()
    lab.host(
        "store",
        like="mailstore",
        domain=domain,
        dovecot_conf="mail_utf8_extensions = yes\nauth_username_chars =\n",
        users="josé:jose-secret\nbia:another-secret\n",
    )
    lab.sieve(f"josé@{domain}", 'require ["fileinto", "mailbox"]; fileinto :create "Entwürfe/日本語";', at="store")
    exchanger(lab, domain, "virtual_mailbox_maps =\n")
    routes = lab.send(to=[f"josé@{domain}", f"bia@{domain}"], via="direct").routes()
    assert routes[f"josé@{domain}"].mailbox == "Entwürfe/日本語"
    mailbox = lab.mailbox(f"josé@{domain}", at="store")
    assert mailbox.names() == ["Entwürfe/日本語", "INBOX", "Junk"]
    (copy,) = mailbox.messages("Entwürfe/日本語")
    assert f"josé@{domain}" in str(copy.message["To"])
    assert len(lab.mailbox(f"bia@{domain}", at="store").messages()) == 1


def test_two_redirects_and_an_answer_are_told_apart(lab: Lab) -> None:
    """One message, three on their way: each has its own queue id in Dovecot's log."""
    other = lab.zone("@ MX 10 mx-a\nmx-a A $SCRIPTED_1\n")
    lab.sieve(
        f"bia@{lab.domain}",
        'require ["copy", "fileinto", "vacation"];\n'
        f'fileinto "Junk"; redirect :copy "cai@{other}"; redirect :copy "eva@{other}"; vacation "Away.";',
    )
    sent = lab.send(to=f"bia@{lab.domain}", via="direct")
    sent.route()
    found = {route.final_recipient: (route.mailbox, route.hops[-1], route.copies) for route in sent.known()}
    assert found == {
        f"bia@{lab.domain}": ("Junk", "mx1", 1),
        f"cai@{other}": (None, "mx-a", 1),
        f"eva@{other}": (None, "mx-a", 1),
    }
    for route in sent.known():
        (answer,) = route.notifications
        assert (answer.kind, answer.host) == ("auto-replied", "mailstore")
        assert answer.route is not None
        assert (answer.route.recipient, answer.route.mailbox) == ("ana@home.test", "INBOX")


def test_script_is_taken_back_with_the_test(lab: Lab) -> None:
    lab.sieve("dora@dest.test", "discard;")
    assert lab.send(to="dora@dest.test", via="direct").route().outcome == "discarded"
    lab.reset()
    assert lab.send(to="dora@dest.test", via="direct").route().outcome == "delivered"


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"dovecot_conf": "lmtp_save_to_details = yes\n"}, r"guest\.conf line 1: .*Unknown setting.*\n.*dovecot_conf"),
        ({"dovecot_conf": "quota {\n"}, r"bad: dovecot_conf:1: \{ is not closed"),
        ({"users": "josé\n"}, r"bad: users:1: no colon in 'josé'"),
        ({"main_cf": "soft_bounce = yes\n"}, r"bad is a Dovecot and has no main_cf"),
    ],
)
def test_what_a_store_does_not_take_is_told(lab: Lab, settings: dict[str, Any], text: str) -> None:
    with pytest.raises(LabError, match=text):
        lab.host("bad", like="mailstore", **settings)
    assert "bad" not in lab.hosts


def test_what_has_no_mailboxes_is_told(lab: Lab) -> None:
    with pytest.raises(LabError, match=r"(?s)mx1 has no mailboxes.*mail stores: mailstore"):
        lab.mailbox("bia", at="mx1")
    with pytest.raises(LabError, match=r"bad is a Postfix and has no dovecot_conf and no users"):
        lab.host("bad", dovecot_conf="ssl = no\n", users="bia:x\n")
