"""What a script makes of each stage, as a client sees it."""

from __future__ import annotations

from base64 import b64encode

import pytest

from .host import ADDRESS, Client, Host, wait_for

ENVELOPE = ("MAIL FROM:<ana@home.test>", "RCPT TO:<bia@dest.test>")
# Stage: what a client says before it, and the words that bring it.
WAY: dict[str, tuple[tuple[str, ...], str]] = {
    "ehlo": ((), "EHLO client.test"),
    "starttls": (("EHLO c",), "STARTTLS"),
    "auth": (("EHLO c",), "AUTH PLAIN AGEAYg=="),
    "mail": (("EHLO c",), ENVELOPE[0]),
    "rcpt": (("EHLO c", ENVELOPE[0]), ENVELOPE[1]),
    "data": (("EHLO c", *ENVELOPE), "DATA"),
    "end-of-data": (("EHLO c", *ENVELOPE, "DATA"), "hello\r\n."),
    "quit": ((), "QUIT"),
}
STAGES = ["banner", *WAY]
NORMAL = {
    "banner": "220 scripted.test ESMTP",
    "starttls": "220 2.0.0 Ready to start TLS",
    "auth": "235 2.7.0 Authentication successful",
    "mail": "250 2.1.0 Ok",
    "rcpt": "250 2.1.5 Ok",
    "data": "354 go",
    "end-of-data": "250 2.0.0 Ok: queued as S000001",
    "quit": "221 2.0.0 Bye",
}


def reach(client: Client, stage: str) -> None:
    """Say everything up to *stage*; its reply comes next."""
    if stage != "banner":
        before, line = WAY[stage]
        client.reply()
        for each in before:
            assert client.say(each)[0] in "23", each
        client.send(line + "\r\n")


def scripted(host: Host, stage: str, rule: object) -> Client:
    host.api.script(ADDRESS, {"extensions": {"add": ["AUTH PLAIN LOGIN"]}, stage: rule})
    return Client(host.ports.smtp)


@pytest.mark.parametrize("stage", STAGES)
def test_a_reply(host: Host, stage: str) -> None:
    with scripted(host, stage, "450 4.2.0 later") as client:
        reach(client, stage)
        assert client.reply() == "450 4.2.0 later"
        if stage != "quit":
            assert client.say("NOOP") == "250 2.0.0 Ok"
    reply = next(each for each in host.lines() if each.get("fault"))
    assert (reply["event"], reply["stage"], reply["fault"], reply["text"]) == ("reply", stage, stage, "450 4.2.0 later")
    assert host.api.messages(ADDRESS) == []


@pytest.mark.parametrize("stage", STAGES)
def test_closed_instead_of_a_reply(host: Host, stage: str) -> None:
    with scripted(host, stage, {"close": True}) as client:
        reach(client, stage)
        assert client.rest() == b""
        close = host.ended()["steps"][-1]
    assert (close["event"], close["stage"], close["fault"]) == ("close", stage, stage)
    assert host.api.messages(ADDRESS) == []


@pytest.mark.parametrize("stage", STAGES)
def test_reset_instead_of_a_reply(host: Host, stage: str) -> None:
    def connect_and_read() -> None:  # at the greeting the reset may come before connect(2) returns
        with scripted(host, stage, {"reset": True}) as client:
            reach(client, stage)
            client.rest()

    with pytest.raises(ConnectionResetError):
        connect_and_read()
    assert host.ended()["ended"] == "reset by script"


@pytest.mark.parametrize("stage", STAGES)
def test_no_answer_until_the_client_goes(host: Host, stage: str) -> None:
    with scripted(host, stage, {"hang": True}) as client:
        reach(client, stage)
        client.send("NOOP\r\n" * 3)
        wait_for(lambda: host.control.call("GET", "/health")["sessions"] or None)
    ended = host.ended()
    assert ended["ended"] == "closed by client"
    assert ended["steps"][-1]["fault"] == stage
    assert [step["text"] for step in ended["steps"] if step["event"] == "reply" and step["fault"]] == []


@pytest.mark.parametrize("stage", [stage for stage in STAGES if stage != "ehlo"])
def test_closed_after_the_normal_reply(host: Host, stage: str) -> None:
    with scripted(host, stage, {"close": "after"}) as client:
        reach(client, stage)
        assert client.reply() == NORMAL[stage]
        assert client.rest() == b""
    assert len(host.api.messages(ADDRESS)) == (stage == "end-of-data")


@pytest.mark.parametrize("stage", [stage for stage in STAGES if stage != "starttls"])
def test_garbage_instead_of_a_reply(host: Host, stage: str) -> None:
    rule = {"garbage": {"base64": b64encode(b"\x00\xffnonsense\n").decode()}, "close": "after"}
    with scripted(host, stage, rule) as client:
        reach(client, stage)
        assert client.rest() == b"\x00\xffnonsense\n"
    assert host.api.messages(ADDRESS) == []


@pytest.mark.parametrize("stage", STAGES)
def test_closed_after_421(host: Host, stage: str) -> None:
    with scripted(host, stage, "421 4.3.2 going down") as client:
        reach(client, stage)
        assert client.rest() == b"421 4.3.2 going down\r\n"
    assert host.ended()["ended"] == "closed after 421"


def test_reset_after_a_reply(host: Host, client: Client) -> None:
    host.script(mail={"reply": "451 4.3.0 no", "reset": True})
    client.start()
    assert client.say("MAIL FROM:<>") == "451 4.3.0 no"
    with pytest.raises(ConnectionResetError):
        client.rest()


def test_garbage_instead_of_the_handshake(host: Host, client: Client) -> None:
    host.script(starttls={"garbage": "this is no TLS\r\n", "close": "after"})
    assert client.start().say("STARTTLS") == "220 2.0.0 Ready to start TLS"
    assert client.rest() == b"this is no TLS\r\n"


def test_several_lines_are_one_reply(host: Host, client: Client) -> None:
    host.script(rcpt="550 5.1.1 No such user\nask the postmaster")
    client.start("MAIL FROM:<>")
    assert client.say("RCPT TO:<bia@dest.test>") == "550-5.1.1 No such user\n550 5.1.1 ask the postmaster"


def test_first_times_only_then_the_next_rule_then_normal(host: Host, client: Client) -> None:
    host.script(rcpt=[{"first": 2, "reply": "450 4.2.0 greylisted"}, {"first": 1, "reply": "452 4.2.2 full"}])
    client.start("MAIL FROM:<>")
    said = [client.say("RCPT TO:<bia@dest.test>")[:3] for _ in range(4)]
    assert said == ["450", "450", "452", "250"]


def test_rules_choose_by_envelope(host: Host, client: Client) -> None:
    host.script(
        rcpt=[
            {"recipient": "*@GONE.test", "reply": "550 5.1.1 gone"},
            {"sender": "<>", "recipient": "list@*", "reply": "550 5.7.1 no bounces"},
        ],
        end_of_data={"recipient": "bia@dest.test", "reply": "554 5.7.1 not for Bia"},
    )
    client.start("MAIL FROM:<ana@home.test>")
    said = [client.say(f"RCPT TO:<{to}>")[:3] for to in ("x@gone.test", "list@dest.test", "bia@dest.test")]
    assert said == ["550", "250", "250"]
    client.say("DATA")
    client.send("hello\r\n.\r\n")
    assert client.reply() == "554 5.7.1 not for Bia"
    client.say("MAIL FROM:<>")
    assert client.say("RCPT TO:<list@dest.test>") == "550 5.7.1 no bounces"
    assert client.say("RCPT TO:<cy@dest.test>") == "250 2.1.5 Ok"
    client.say("DATA")
    client.send("hello\r\n.\r\n")
    assert client.reply().startswith("250 ")
    assert [each["recipients"] for each in host.control.call("GET", "/messages")] == [["cy@dest.test"]]


def test_delay_and_dribble_change_nothing_else(host: Host, client: Client) -> None:
    host.script(mail={"delay": 0.01, "dribble": 0.001})
    client.start()
    client.send("MAIL FROM:<>\r\nNOOP\r\n")  # what comes meanwhile is kept
    assert client.reply() == "250 2.1.0 Ok"
    assert client.reply() == "250 2.0.0 Ok"


def test_a_client_that_leaves_during_a_long_delay(host: Host) -> None:
    host.script(banner={"delay": 3000})
    with Client(host.ports.smtp):
        pass
    assert host.ended()["ended"] == "closed by client"


@pytest.mark.parametrize("ending", ["close", "reset"])
def test_ended_in_the_body(host: Host, client: Client, ending: str) -> None:
    host.script(body={"after_bytes": 1000, ending: True})
    client.envelope().send("x" * 999)
    client.send("y" * 9 + "\r\n.\r\n")
    if ending == "reset":
        with pytest.raises(ConnectionResetError):
            client.rest()
    else:
        assert client.rest() == b""
    assert host.ended()["steps"][-1]["fault"] == "body"
    assert host.api.messages(ADDRESS) == []


def test_a_shorter_body_is_not_ended(host: Host, client: Client) -> None:
    host.script(body={"after_bytes": 1000, "close": True})
    client.envelope().send("x" * 997 + "\r\n.\r\n")
    assert client.reply().startswith("250 ")


def test_ended_in_the_second_chunk(host: Host, client: Client) -> None:
    host.script(body={"after_bytes": 8, "close": True})
    client.start("MAIL FROM:<>", "RCPT TO:<bia@dest.test>")
    client.send("BDAT 5\r\n12345")
    assert client.reply() == "250 2.0.0 Ok: 5 bytes"
    client.send("BDAT 5 LAST\r\n67890")
    assert client.rest() == b""
    assert host.api.messages(ADDRESS) == []


@pytest.mark.parametrize("rule", [{"vanish": True}, {"vanish": True, "reset": True}])
def test_stored_and_gone_without_a_reply(host: Host, client: Client, rule: dict[str, bool]) -> None:
    host.script(end_of_data=rule)
    client.envelope().send("hello\r\n.\r\n")
    if "reset" in rule:
        with pytest.raises(ConnectionResetError):
            client.rest()
    else:
        assert client.rest() == b""
    assert host.api.messages(ADDRESS) == [b"hello\r\n"]


def test_stored_and_silent(host: Host) -> None:
    host.script(end_of_data={"vanish": True, "hang": True})
    with Client(host.ports.smtp) as client:
        client.envelope().send("hello\r\n.\r\n")
    assert host.ended()["ended"] == "closed by client"
    assert host.api.messages(ADDRESS) == [b"hello\r\n"]


def test_an_accepting_reply_of_the_script_stores_the_message(host: Host, client: Client) -> None:
    host.script(end_of_data="250 2.6.0 taken")
    client.envelope().send("hello\r\n.\r\n")
    assert client.reply() == "250 2.6.0 taken"
    assert host.api.messages(ADDRESS) == [b"hello\r\n"]


def test_extensions_are_hidden_and_added(host: Host, client: Client) -> None:
    hide = ["STARTTLS", "pipelining", "CHUNKING", "8BITMIME", "SMTPUTF8", "DSN", "HELP", "ENHANCEDSTATUSCODES"]
    host.script(extensions={"hide": hide, "add": ["REQUIRETLS", "LIMITS RCPTMAX=3"], "size": 30})
    client.reply()
    assert client.say("EHLO c") == "250-scripted.test\n250-SIZE 30\n250-REQUIRETLS\n250 LIMITS RCPTMAX=3"
    assert client.say("STARTTLS") == "502 Error: command not implemented"
    assert client.say("HELP")[:3] == "502"
    assert client.say("BDAT 1 LAST")[:3] == "502"
    assert client.say("MAIL FROM:<> BODY=8BITMIME")[:3] == "555"
    assert client.say("MAIL FROM:<> SMTPUTF8")[:3] == "555"
    assert client.say("MAIL FROM:<> RET=FULL")[:3] == "555"
    assert client.say("MAIL FROM:<> SIZE=31") == "552 Message size exceeds fixed limit"
    assert client.say("MAIL FROM:<> REQUIRETLS") == "250 Ok"
    assert client.say("RCPT TO:<bia@dest.test> NOTIFY=NEVER")[:3] == "555"


@pytest.mark.parametrize(("length", "reply"), [(28, "250"), (29, "552")])
def test_the_offered_size_holds(host: Host, client: Client, length: int, reply: str) -> None:
    host.script(extensions={"size": 30})
    client.envelope().send("x" * length + "\r\n.\r\n")
    assert client.reply()[:3] == reply
    assert client.say("NOOP")[:3] == "250"
    assert len(host.api.messages(ADDRESS)) == (reply == "250")


def test_a_message_far_over_the_size_is_read_to_its_end(host: Host, client: Client) -> None:
    host.script(extensions={"size": 30})
    client.envelope().send(("x" * 70 + "\r\n") * 20_000 + ".\r\n")
    assert client.reply() == "552 5.3.4 Message size exceeds fixed limit"
    assert client.say("NOOP") == "250 2.0.0 Ok"


def test_chunks_over_the_size(host: Host, client: Client) -> None:
    host.script(extensions={"size": 30})
    client.start()
    for last in ("", " LAST"):
        client.say("MAIL FROM:<>")
        client.say("RCPT TO:<bia@dest.test>")
        client.send(f"BDAT 31{last}\r\n" + "x" * 31)
        assert client.reply() == "552 5.3.4 Message size exceeds fixed limit"
    assert host.api.messages(ADDRESS) == []


@pytest.mark.parametrize(
    ("lines", "replies"),
    [
        (["AUTH PLAIN AGEAYg=="], ["235"]),
        (["auth plain", "AGEAYg=="], ["334", "235"]),
        (["AUTH LOGIN", "YQ==", "Yg=="], ["334", "334", "235"]),
        (["AUTH LOGIN YQ==", "Yg=="], ["334", "235"]),
        (["AUTH LOGIN", "*"], ["334", "501"]),
        (["AUTH PLAIN ???"], ["501"]),
        (["AUTH CRAM-MD5"], ["504"]),
        (["AUTH PLAIN AGEAYg==", "AUTH PLAIN AGEAYg=="], ["235", "503"]),
    ],
)
def test_authentication(host: Host, client: Client, lines: list[str], replies: list[str]) -> None:
    host.script(extensions={"add": ["AUTH PLAIN LOGIN"]})
    client.start()
    assert [client.say(line)[:3] for line in lines] == replies


def test_authentication_refused(host: Host, client: Client) -> None:
    host.script(extensions={"add": ["AUTH PLAIN LOGIN"]}, auth="535 5.7.8 wrong password")
    client.start()
    assert client.say("AUTH LOGIN YQ==") == "334 UGFzc3dvcmQ6"
    assert client.say("Yg==") == "535 5.7.8 wrong password"


def test_connections_are_limited(host: Host, client: Client) -> None:
    host.script(connect={"limit": 1})
    client.start()
    with Client(host.ports.smtp) as second:
        refused = f"421 4.7.0 scripted.test Error: too many connections from {ADDRESS}"
        assert second.rest().decode() == refused + "\r\n"
    reply = host.lines()[-2]
    assert (reply["stage"], reply["fault"]) == ("banner", "connect")
    assert client.say("NOOP")[:3] == "250"


def test_closed_before_the_greeting(host: Host) -> None:
    host.script(connect={"close_after_accept": True})
    with Client(host.ports.smtp) as client:
        assert client.rest() == b""
    assert host.ended()["steps"][-1]["fault"] == "connect"


def test_the_greeting_waits(host: Host) -> None:
    host.script(connect={"delay": 0.01})
    with Client(host.ports.smtp) as client:
        assert client.reply() == "220 scripted.test ESMTP"


def test_the_first_connections_fail_and_the_next_is_normal(host: Host) -> None:
    """What the kernel does is not the server's: of its own rules the first that is not used up counts."""
    host.script(
        connect=[
            {"close_after_accept": True, "first": 2},
            {"refuse": True, "first": 1},
            {"delay": 0.01, "first": 1},
        ]
    )
    said = []
    for _ in range(4):
        with Client(host.ports.smtp) as client:
            said.append(client.reply())
    greeting = "220 scripted.test ESMTP"
    assert said == ["", "", greeting, greeting]
    assert [len(rules) for rules in host.firewall.rules.values()] == [3]


def test_what_heals_does_so_for_open_sessions(host: Host, client: Client) -> None:
    host.script(rcpt="450 4.2.0 later")
    client.start("MAIL FROM:<>")
    assert client.say("RCPT TO:<bia@dest.test>")[:3] == "450"
    host.control.call("DELETE", f"/scripts/{ADDRESS}")
    assert client.say("RCPT TO:<bia@dest.test>")[:3] == "250"


def test_the_end_of_a_lease_resets_its_sessions(host: Host, client: Client) -> None:
    host.script(mail={"hang": True})
    client.start().send("MAIL FROM:<>\r\n")
    host.api.release(ADDRESS)
    with pytest.raises(ConnectionResetError):
        client.rest()


def test_helo_is_answered_apart_where_the_script_has_it(host: Host, client: Client) -> None:
    host.script(ehlo="502 5.5.1 What is that?", helo="250 old.test\nat your service")
    client.reply()
    assert client.say("EHLO c") == "502 5.5.1 What is that?"
    assert client.say("HELO c") == "250-old.test\n250 at your service"
    assert client.say("MAIL FROM:<>") == "250 2.1.0 Ok"
    fired = [(step["stage"], step["fault"]) for step in host.api.sessions(ADDRESS)[0]["steps"] if step["fault"]]
    assert fired == [("ehlo", "ehlo"), ("ehlo", "helo")]


def test_helo_gets_what_ehlo_says_where_the_script_has_nothing_else(host: Host, client: Client) -> None:
    host.script(ehlo="450 4.3.2 later")
    client.reply()
    assert client.say("HELO c") == "450 4.3.2 later"
    assert client.say("MAIL FROM:<>")[:3] == "503"


@pytest.mark.parametrize("stage", [stage for stage in STAGES if stage not in ("starttls", "data")])
def test_garbage_and_then_a_good_reply_is_a_good_reply(host: Host, stage: str) -> None:
    with scripted(host, stage, {"garbage": "Segmentation fault\r\n", "reply": "250 2.0.0 fine"}) as client:
        reach(client, stage)
        assert client.reply() == "Segmentation fault"
        assert client.reply() == "250 2.0.0 fine"
        if stage == "rcpt":
            assert client.say("DATA") == "354 go"
            client.send("hello\r\n.\r\n")
            assert client.reply().startswith("250 ")
    assert host.api.messages(ADDRESS) == ([b"hello\r\n"] if stage in ("rcpt", "end-of-data") else [])


def test_garbage_before_the_normal_end_of_a_session_is_followed_by_it(host: Host, client: Client) -> None:
    host.script(data={"garbage": "*** stack smashing detected\r\n", "reply": "354 go on"})
    client.start("MAIL FROM:<>", "RCPT TO:<bia@dest.test>")
    assert client.say("DATA") == "*** stack smashing detected"
    assert client.reply() == "354 go on"
    client.send("hello\r\n.\r\n")
    assert client.reply() == "250 2.0.0 Ok: queued as S000001"


@pytest.mark.parametrize(("code", "stored"), [("552 5.3.4", []), ("250 2.0.0", [b"x" * 1500 + b"\r\n"])])
def test_a_reply_in_the_middle_of_the_body_is_the_only_one(
    host: Host, client: Client, code: str, stored: list[bytes]
) -> None:
    host.script(body={"after_bytes": 1000, "reply": f"{code} now"})
    client.envelope().send("x" * 999)
    client.send("x")
    assert client.reply() == f"{code} now"
    client.send("x" * 500 + "\r\n.\r\n")
    assert client.say("NOOP") == "250 2.0.0 Ok"
    assert host.api.messages(ADDRESS) == stored
    reply = next(each for each in host.lines() if each.get("fault"))
    assert (reply["stage"], reply["fault"]) == ("body", "body")


def test_a_body_that_ends_before_the_reply_in_its_middle_is_answered_as_ever(host: Host, client: Client) -> None:
    host.script(body={"after_bytes": 1000, "reply": "552 5.3.4 now"})
    client.envelope().send("hello\r\n.\r\n")
    assert client.reply() == "250 2.0.0 Ok: queued as S000001"


def test_garbage_in_the_middle_of_the_body_is_followed_by_the_answer(host: Host, client: Client) -> None:
    host.script(body={"garbage": "what?\r\n"}, end_of_data="451 4.3.0 no")
    client.envelope()
    assert client.reply() == "what?"
    client.send("hello\r\n.\r\n")
    assert client.reply() == "451 4.3.0 no"


def test_a_reply_in_the_middle_of_the_body_and_then_the_end(host: Host, client: Client) -> None:
    host.script(body={"after_bytes": 3, "reply": "452 4.3.1 full", "close": True})
    client.envelope().send("hello")
    assert client.rest() == b"452 4.3.1 full\r\n"


def test_a_reply_in_the_middle_of_a_chunk_answers_the_chunk(host: Host, client: Client) -> None:
    host.script(body={"after_bytes": 7, "reply": "250 2.0.0 early"})
    client.start("MAIL FROM:<>", "RCPT TO:<bia@dest.test>")
    client.send("BDAT 5\r\n12345")
    assert client.reply() == "250 2.0.0 Ok: 5 bytes"
    client.send("BDAT 5\r\n67")
    assert client.reply() == "250 2.0.0 early"
    client.send("890BDAT 1 LAST\r\n!")
    assert client.reply() == "250 2.0.0 Ok: 11 bytes queued as S000001"
    assert host.api.messages(ADDRESS) == [b"1234567890!"]


def test_a_refusal_in_the_middle_of_a_chunk_ends_the_transaction(host: Host, client: Client) -> None:
    host.script(body={"after_bytes": 2, "reply": "552 5.3.4 too big"})
    client.start("MAIL FROM:<>", "RCPT TO:<bia@dest.test>")
    client.send("BDAT 5\r\n12345BDAT 5 LAST\r\n12345")
    assert [client.reply()[:3] for _ in range(2)] == ["552", "503"]
    assert host.api.messages(ADDRESS) == []


@pytest.mark.parametrize("stage", ["mail", "rcpt", "end-of-data"])
def test_a_reply_of_thousands_of_bytes_goes_out_whole(host: Host, stage: str) -> None:
    """The log has its beginning: a line of a log that Docker cuts in two is two lines that nobody can read."""
    text = "4.2.0 " + "x" * 20_000
    lines = [f"450 {text}", *(f"450 4.2.0 line {number} {'y' * 990}" for number in range(30))]
    with scripted(host, stage, {"reply": lines}) as client:
        reach(client, stage)
        reply = client.reply().splitlines()
    assert reply[0] == f"450-{text}"
    assert len(reply) == 31
    (step,) = (each for each in host.api.sessions(ADDRESS)[0]["steps"] if each["fault"])
    assert step["text"] == "\n".join(reply)
    (line,) = (each for each in host.lines() if each.get("fault"))
    assert line["text"] == f"{step['text'][:4000]}... ({len(step['text'])} characters)"


def test_a_message_has_a_thousand_recipients_at_most(client: Client) -> None:
    client.start("MAIL FROM:<>")
    client.send("".join(f"RCPT TO:<u{number}@dest.test>\r\n" for number in range(1001)))
    replies = [client.reply() for _ in range(1001)]
    assert set(replies[:1000]) == {"250 2.1.5 Ok"}
    assert replies[1000] == "452 4.5.3 Error: too many recipients"
