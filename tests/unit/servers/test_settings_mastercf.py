"""master.cf as text."""

from __future__ import annotations

from lab.servers.postfix.settings import read
from lab.servers.postfix.settings.mastercf import Service, arguments, services, transports

TEXT = """\
# comment
smtp      inet  n - n - - postscreen
smtpd     pass  - - n - - smtpd -o content_filter=
submission inet n - n - - smtpd
  -o syslog_name=postfix/$service_name
  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
# another
  -o { smtpd_recipient_restrictions = check_client_access inline:{ {a.test = permit} }, reject }
slow      unix  - - n - - smtp -o smtp_mx_session_limit=1 -v
this is no service
"""


def test_a_service_has_its_program_and_its_own_parameters() -> None:
    found = {each.name: each for each in services(TEXT)}
    assert list(found) == ["smtp", "smtpd", "submission", "slow"]
    assert found["smtp"] == Service("smtp", "inet", "postscreen", {})
    assert found["submission"].program == "smtpd"
    assert found["submission"].own == {
        "syslog_name": "postfix/$service_name",
        "smtpd_relay_restrictions": "permit_sasl_authenticated,reject",
        "smtpd_recipient_restrictions": "check_client_access inline:{ {a.test = permit} }, reject",
    }
    assert found["slow"].own == {"smtp_mx_session_limit": "1"}
    assert transports(found.values()) == {"slow": "smtp -o smtp_mx_session_limit=1 -v"}


def test_arguments_keep_what_stands_in_braces() -> None:
    assert list(arguments("a  { b { c } = d }e -o x=y")) == ["a", "{ b { c } = d }e", "-o", "x=y"]


def test_what_holds_in_a_service() -> None:
    found = read("content_filter = x:y\nsmtp_mx_session_limit = 3", "direct.home.test", master_cf=TEXT)
    assert "content_filter" in found.unplanned
    assert "content_filter" not in found.within(":25").unplanned  # what postscreen(8) passes on
    assert found.within(":587").smtpd_relay_restrictions == ("permit_sasl_authenticated", "reject")
    assert (found.smtp_mx_session_limit, found.within("slow").smtp_mx_session_limit) == (3, 1)
    assert found.within(":2525") is found
