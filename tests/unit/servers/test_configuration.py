"""The settings of a host, read out of its container."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from lab.engine.hosts import Host
from lab.servers.configuration import Configuration
from lab.servers.postfix.brought import own as postfix
from lab.servers.postfix.settings import SettingsError
from tests.unit.memory_engine import MemoryEngine, host


def having(files: Mapping[str, str]) -> MemoryEngine:
    """Return an engine with the client, which has *files*."""
    engine = MemoryEngine(host("client", "client"))
    engine.files["id-client"] |= files
    return engine


def asked(engine: MemoryEngine) -> list[str]:
    """Return the paths that were copied out of the client."""
    return [path for what, _, path in engine.done if what == "copy_out"]


CLIENT = Host("client", "client", "client.home.test", "198.18.0.21", "running", "id-client", "x", started="1")
MAIN_CF = "/etc/postfix/main.cf"


def test_settings_come_with_their_tables() -> None:
    engine = having(
        {
            MAIN_CF: "relayhost = [smarthost.isp.test]\n"
            "transport_maps = texthash:/etc/postfix/transport, lmdb:/etc/postfix/none, texthash:/etc/postfix/folder\n"
            "alias_maps = hash:/etc/aliases\n",
            "/etc/postfix/master.cf": "smtp unix - - n - - smtp\nslow unix - - n - - smtp\n  -o x=y\n",
            "/etc/postfix/transport": "odd.test smtp:[mx9.test]\n",
            "/etc/aliases": "# who reads\npostmaster: ana, bia@b.test\n",
        }
    )
    settings = Configuration(engine).of(CLIENT)
    assert settings.myhostname == "client.home.test"
    assert settings.relayhost == "[smarthost.isp.test]"
    assert settings.transport_maps[0].find("odd.test") == "smtp:[mx9.test]"
    assert settings.unread == (
        "transport_maps = lmdb:/etc/postfix/none",
        "transport_maps = texthash:/etc/postfix/folder",
    )
    assert settings.alias_maps[0].find("postmaster") == "ana, bia@b.test"
    assert (settings.program("slow"), settings.program("relay")) == ("smtp", None)


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget the settings of other tests' hosts."""
    monkeypatch.setattr(Configuration, "_known", {})
    monkeypatch.setattr(Configuration, "_stores", {})
    monkeypatch.setattr(Configuration, "_folders", {})


def test_settings_of_a_host_that_was_brought_along_are_known_without_asking() -> None:
    engine = having(
        {
            MAIN_CF: "relayhost = a.test\nmessage_size_limit = 1\n",
            "/etc/postfix/master.cf": "smtp unix - - n - - smtp\n",
        }
    )
    configuration = Configuration(engine)
    own = postfix(
        "own",
        "relayhost = b.test\ntransport_maps = texthash:/etc/postfix/transport",
        "slow unix - - n - - smtp",
        {"transport": "odd.test smtp:[mx9.test]\n"},
    )
    host = Host("own", "client", "own.x.test", "198.18.0.65", "running", "id-own", "x", started="3")
    configuration.brought(host, CLIENT, own)
    found = configuration.of(host)
    assert (found.relayhost, found.myhostname, found.program("slow")) == ("b.test", "own.x.test", "smtp")
    assert found.transport_maps[0].find("odd.test") == "smtp:[mx9.test]"
    assert configuration.of(CLIENT).relayhost == "a.test"
    assert asked(engine) == ["/etc/postfix"]


def test_settings_are_read_once_for_each_start() -> None:
    engine = having({MAIN_CF: "relayhost = a.test\n"})
    configuration = Configuration(engine)
    assert configuration.of(CLIENT) is configuration.of(CLIENT)
    assert asked(engine) == ["/etc/postfix"]
    engine.files["id-client"] = {MAIN_CF: "relayhost = b.test\n"}
    again = Host("client", "client", "client.home.test", "198.18.0.21", "running", "id-client", "x", started="2")
    assert configuration.of(again).relayhost == "b.test"


def test_mistakes_are_those_of_the_host_s_file() -> None:
    with pytest.raises(SettingsError, match=r"client:/etc/postfix/main\.cf:1: "):
        Configuration(having({MAIN_CF: "smtp_mx_session_limit = many\n"})).of(CLIENT)


def test_settings_are_read_again_when_told_so() -> None:
    engine = having({MAIN_CF: "relayhost = a.test\n"})
    configuration = Configuration(engine)
    before = configuration.of(CLIENT)
    assert configuration.again(CLIENT) is False
    engine.files["id-client"] = {MAIN_CF: "relayhost = b.test\n"}
    assert configuration.again(CLIENT) is True
    assert (before.relayhost, configuration.of(CLIENT).relayhost) == ("a.test", "b.test")


def test_who_sends_for_a_mail_store() -> None:
    engine = having(
        {
            "/etc/dovecot/dovecot.conf": "# submission_host = no.test\nsubmission_host = mx1.dest.test:10025\n",
            "/etc/dovecot/users": "bia:{PLAIN}x::::::\nlone:{PLAIN}x::::::userdb_a=b userdb_submission_host=\n",
        }
    )
    configuration = Configuration(engine)
    store = configuration.store(CLIENT)
    assert (store.outlet_of("bia"), store.outlet_of("lone")) == ("mx1.dest.test:10025", "")
    assert configuration.store(CLIENT) is store
    assert asked(engine) == ["/etc/dovecot"]


def test_what_a_mail_store_has_of_its_own_holds() -> None:
    engine = having(
        {
            "/etc/dovecot/dovecot.conf": "submission_host = mx1.dest.test:10025\n!include_try guest.conf\n",
            "/etc/dovecot/guest.conf": "submission_host = hub.a.test:25\n",
        }
    )
    assert Configuration(engine).store(CLIENT).outlet_of("bia") == "hub.a.test:25"


def test_a_mail_store_that_nobody_sends_for() -> None:
    assert Configuration(having({})).store(CLIENT).outlet_of("bia") == ""
