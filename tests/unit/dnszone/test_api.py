"""The HTTP API, used by the lab's own client."""

from __future__ import annotations

import threading

import pytest

from lab.control.dns import Dns
from lab.errors import LabError
from tests.unit.dnszone.conftest import Server


def test_zones_are_listed_read_replaced_and_removed(server: Server) -> None:
    assert [(zone["origin"], zone["owner"]) for zone in server.dns.zones()] == [
        ("lab.test.", "world"),
        ("dest.test.", "world"),
    ]
    server.dns.put("A.test.", "@ MX 10 $HOST.b.test.", {"HOST": "mx"})
    assert server.dns.zones()[-1] == {"origin": "a.test.", "owner": "me", "records": 3}
    assert "a.test. 5 IN MX 10 mx.b.test.\n" in server.dns.zone("a.test.")
    server.dns.put("a.test.", "@ MX 10 other")
    assert "10 other.a.test." in server.dns.zone("a.test")
    server.dns.remove("a.test.")
    assert len(server.dns.zones()) == 2


def test_what_the_zones_of_some_owners_say(server: Server) -> None:
    server.dns.put("a.test.", "@ MX 10 other")
    Dns(server.control, "you").put("b.test.", "@ MX 10 theirs")
    first = server.dns.view(("world", "me"))
    assert [zone.origin for zone in first] == ["lab.test.", "dest.test.", "a.test."]
    assert [record.data for record in first.resolve("a.test.", "MX").answers] == ["10 other.a.test."]
    assert first.resolve("b.test.", "MX").rcode == "REFUSED"
    assert server.dns.view(("world", "me")) is first  # nothing is read again
    server.dns.put("a.test.", "@ MX 10 third")
    second = server.dns.view(("world", "me"))
    assert [record.data for record in second.resolve("a.test.", "MX").answers] == ["10 third.a.test."]
    assert second.get("dest.test.") is first.get("dest.test.")


def test_a_zone_with_errors_changes_nothing_and_tells_them_all(server: Server) -> None:
    server.dns.put("a.test.", "@ MX 10 good")
    with pytest.raises(LabError) as caught:
        server.dns.put("a.test.", "@ MXX 10 a\n@ A 1\n", file="my.toml")
    lines = str(caught.value.args[0]).splitlines()
    assert lines[0] == "my.toml:1: unknown record type MXX (did you mean MX?)"
    assert lines[1].startswith("my.toml:2: A data cannot be 1")
    assert "10 good.a.test." in server.dns.zone("a.test.")


def test_a_zone_hides_the_worlds_until_it_goes(server: Server) -> None:
    server.dns.put("dest.test.", "@ MX 10 other")
    assert "other" in server.dns.zone("dest.test.")
    server.dns.remove("dest.test.")
    assert "10 mx1.dest.test." in server.dns.zone("dest.test.")
    with pytest.raises(LabError, match=r"dest\.test\. is the world's own zone"):
        server.dns.remove("dest.test.")


def test_what_is_not_there(server: Server) -> None:
    with pytest.raises(LabError, match=r"there is no zone b\.test\."):
        server.dns.zone("b.test.")
    with pytest.raises(LabError, match=r"there is no zone b\.test\."):
        server.dns.remove("b.test.")
    with pytest.raises(LabError, match="there is no fault f9"):
        server.dns.heal("f9")
    assert server.ask("GET", "/zone").json()["error"] == "GET /zone: Not Found"
    assert server.ask("POST", "/zones").status_code == 405
    assert server.ask("GET", "/zones?owner=me").json()["problems"][0]["path"] == "owner"


@pytest.mark.parametrize("body", [b"{", b"\xff", b""])
def test_a_body_that_is_no_json(server: Server, body: bytes) -> None:
    answer = server.ask("POST", "/faults", data=body)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("the body is not JSON")


def test_every_problem_of_a_request_is_told_at_once(server: Server) -> None:
    zone = {"txt": "", "owner": "world", "variables": {"A": 1}}
    answer = server.ask("PUT", "/zones/a.test", json=zone)
    assert answer.status_code == 422
    assert [(each["path"], each["problem"], each["hint"]) for each in answer.json()["problems"]] == [
        ("text", "is missing", None),
        ("variables", "must be an object whose values are strings", None),
        ("owner", '"world" is for the zones that the server starts with', None),
        ("txt", "unknown key txt", "did you mean text?"),
    ]
    answer = server.ask("POST", "/faults", json=[])
    assert answer.json()["problems"][0]["problem"] == "must be an object, not a list"


def test_every_problem_of_a_fault_is_told_at_once(server: Server) -> None:
    fault = {
        "kind": "tcp-closed",
        "name": "a..test",
        "type": "MXX",
        "client": "1.2.3",
        "transport": "udp",
        "first": 0,
        "from": 3,
        "to": 2,
        "frist": 1,
    }
    answer = server.ask("POST", "/faults", json=fault)
    assert [each["path"] for each in answer.json()["problems"]] == [
        "owner",
        "transport",
        "first",
        "to",
        "type",
        "name",
        "client",
        "frist",
    ]
    assert server.dns.faults() == []


def test_the_history_can_be_filtered(server: Server) -> None:
    server.udp("dest.test", "MX")
    server.tcp("mx1.dest.test")
    server.udp("no.dest.test")
    dns = server.dns

    def names(**filters: object) -> list[str]:
        return [entry["name"] for entry in dns.history(**filters)]

    assert names() == ["dest.test.", "mx1.dest.test.", "no.dest.test."]
    assert names(name="dest.test") == ["dest.test."]
    assert names(name="*.dest.test") == ["mx1.dest.test.", "no.dest.test."]
    assert names(type="mx") == ["dest.test."]
    assert names(transport="tcp") == ["mx1.dest.test."]
    assert names(rcode="nxdomain") == ["no.dest.test."]
    assert names(client="127.0.0.2") == []
    first, second, _ = dns.history()
    assert names(since=first["seq"]) == ["mx1.dest.test.", "no.dest.test."]
    assert names(last=2) == ["mx1.dest.test.", "no.dest.test."]
    assert names(last=1, name="*.dest.test", rcode="NOERROR") == ["mx1.dest.test."]
    assert names(last=0) == names(since=10**9) == names(since="9999-01-01T00:00:00Z") == []
    assert names(since="2000-01-01T00:00:00+01:00") == names()
    assert names(since=second["at"]) == ["mx1.dest.test.", "no.dest.test."]
    assert dns.history() == [{key: line[key] for key in first} for line in server.queries()]


def test_a_filter_that_makes_no_sense(server: Server) -> None:
    answer = server.ask("GET", "/history?nmae=a&since=x&last=-1&transport=sctp&type=MXX&follow=2")
    assert [each["path"] for each in answer.json()["problems"]] == [
        "type",
        "transport",
        "since",
        "last",
        "follow",
        "nmae",
    ]


def test_the_history_can_be_followed(server: Server) -> None:
    server.udp("dest.test", "MX")
    with server.ask("GET", "/history?follow=1&name=mx1.dest.test", stream=True) as answer:
        server.udp("mx2.dest.test")
        server.udp("mx1.dest.test")
        assert b'"name": "mx1.dest.test."' in next(answer.iter_lines(chunk_size=1))


def test_following_since_begins_with_what_there_was(server: Server) -> None:
    server.udp("dest.test", "MX")
    stream = server.dns.follow(since=0)
    assert next(stream)["name"] == "dest.test."
    thread = threading.Thread(target=server.udp, args=("mx1.dest.test",))
    thread.start()
    assert next(stream)["name"] == "mx1.dest.test."
    thread.join()
    stream.close()


def test_all_that_an_owner_has_goes_at_once(server: Server) -> None:
    server.dns.put("a.test.", "@ A 198.18.0.1")
    server.dns.put("dest.test.", "@ A 198.18.0.1")
    server.dns.fault("drop", name="a.test.")
    assert server.dns.owners() == ["me"]
    server.dns.drop()
    assert server.dns.owners() == []
    assert [zone["owner"] for zone in server.dns.zones()] == ["world", "world"]
    assert server.dns.faults() == []
    server.dns.drop("nobody")
    with pytest.raises(LabError, match="the world's own zones stay"):
        server.dns.drop("world")


def test_health(server: Server) -> None:
    assert server.ask("GET", "/health").json() == {"zones": 2, "queries": 0}
