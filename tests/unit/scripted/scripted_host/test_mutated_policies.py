"""Whatever is asked of the policy service, it answers in its form or hangs up; and its API, 4xx at the worst."""

from __future__ import annotations

import logging
import re

import pytest

from tests.mutated import COUNT, SEED, converse, policies, requests

from .host import TOKEN, Host

ANSWERS = re.compile(rb"(action=(DUNNO|450 4\.2\.0 later)\n\n)*")


def test_conversations_with_the_policy_service(host: Host, caplog: pytest.LogCaptureFixture) -> None:
    rule = {"owner": "other", "host": "198.18.0.11", "recipient": "*@dest.test", "action": "450 4.2.0 later"}
    host.control.call("POST", "/policies", rule)
    with caplog.at_level(logging.ERROR):
        for data in policies.mutations(SEED, COUNT):
            assert ANSWERS.fullmatch(converse(host.ports.policy, data)), data
    assert [record.getMessage() for record in caplog.records] == []
    # No HELO of a stranger has made the question one of another host's: some bytes may have, in the address itself.
    for line in host.lines():
        if line["event"] == "policy":
            assert line["server_address"] == "198.18.0.11"


def test_requests(host: Host, caplog: pytest.LogCaptureFixture) -> None:
    assert requests.TOKEN == TOKEN
    found = {}
    with caplog.at_level(logging.ERROR):
        for request in requests.mutations(SEED, COUNT):
            found[requests.status(host.ports.api, request)[:1]] = request
    assert [record.getMessage() for record in caplog.records] == []
    assert found.keys() >= {"2", "4"}
    assert found.keys() <= {"1", "2", "4", ""}, found
    assert host.control.call("GET", "/health")["status"] == "ok"
