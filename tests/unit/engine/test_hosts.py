"""The hosts of a lab as Docker tells of them, and the settings read out of one."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network
from typing import Any, cast

import pytest
from docker import DockerClient
from docker.errors import NotFound

from lab.engine.hosts import Host, container, find, inspect, known, last_lines, networks
from lab.errors import LabError
from lab.servers.brought import postfix
from lab.servers.configuration import Configuration
from lab.servers.postfix.settings import SettingsError


def inspected(name: str, **state: object) -> dict[str, Any]:
    """Return what Docker says about a container, as far as it is read."""
    labels = {"mail-lab.host": name, "mail-lab.role": "mx", "mail-lab.fqdn": f"{name}.dest.test"}
    return {
        "Id": f"id-{name}",
        "Config": {"Labels": labels, "Image": "mail-lab/mx:0123", "Env": ["PATH=/bin", "LAB_TOKEN=open-sesame"]},
        "NetworkSettings": {
            "Networks": {
                "mail-lab-main_outside": {"IPAMConfig": None, "IPAddress": "172.17.0.9"},
                "mail-lab-main_lab": {"IPAMConfig": {"IPv4Address": "198.18.0.11"}, "IPAddress": ""},
            },
            "Ports": {"2511/tcp": [{"HostIp": "127.0.0.1", "HostPort": "25011"}], "80/tcp": None},
        },
        "State": {"Status": "running", "StartedAt": "2026-01-01T00:00:00Z", "ExitCode": 0} | state,
    }


class FakeApi:
    """Both the client and its ``api``."""

    def __init__(self, *containers: tuple[dict[str, Any], str | None]) -> None:
        self.api = self
        self._containers = {each["Id"]: each for each, _ in containers}
        self._owners = {each["Id"]: owner for each, owner in containers}
        self.gone: set[str] = set()

    def containers(self, *, all: bool, filters: Mapping[str, object]) -> list[dict[str, Any]]:
        assert all
        assert dict(filters) == {"label": ["mail-lab.name=main", "mail-lab.host"]}
        owners = self._owners.items()
        return [{"Id": id, "Labels": {"mail-lab.owner": owner} if owner else {}} for id, owner in owners]

    def inspect_container(self, container: str) -> dict[str, Any]:
        if container in self.gone:
            raise NotFound("no such container")
        return self._containers[container]

    def networks(self, *, filters: Mapping[str, str]) -> list[dict[str, Any]]:
        assert dict(filters) == {"label": "mail-lab.name"}
        return [
            {
                "Labels": {"mail-lab.name": "main", "mail-lab.slot": "0"},
                "IPAM": {"Config": [{"Subnet": "2001:2::/64"}, {"Subnet": "198.18.0.0/20"}]},
            },
            {"Labels": {"mail-lab.name": "main"}},  # the gateway's
            {
                "Labels": {"mail-lab.name": "second", "mail-lab.slot": "7"},
                "IPAM": {"Config": [{"Subnet": "198.18.112.0/20"}]},
            },
        ]

    def logs(self, container: str, *, tail: int) -> bytes:
        assert (container, tail) == ("id-mx1", 10)
        return b"one\n\xff\n"


def docker(fake: object) -> DockerClient:
    return cast("DockerClient", fake)


def test_a_running_host() -> None:
    host = find(docker(FakeApi((inspected("mx1"), None))), "main")["mx1"]
    assert host == Host(
        name="mx1",
        role="mx",
        fqdn="mx1.dest.test",
        address="198.18.0.11",
        state="running",
        container="id-mx1",
        image="mail-lab/mx:0123",
        started="2026-01-01T00:00:00Z",
        exit_code=None,
        published={2511: 25011},
        token="open-sesame",
    )
    assert "open-sesame" not in repr(host)
    assert host.runs


@pytest.mark.parametrize(
    ("status", "exit_code", "runs"),
    [("exited", 137, False), ("dead", 137, False), ("paused", None, True), ("created", None, False)],
)
def test_hosts_in_other_states(status: str, exit_code: int | None, runs: bool) -> None:
    described = inspected("mx1", Status=status, ExitCode=137)
    described["NetworkSettings"]["Ports"] = None  # as Docker says of one that does not run
    host = find(docker(FakeApi((described, None))), "main")["mx1"]
    assert (host.exit_code, host.runs, host.published, host.address) == (exit_code, runs, {}, "198.18.0.11")


def test_a_guest_has_the_address_that_docker_gave_it() -> None:
    described = inspected("mine")
    described["NetworkSettings"]["Networks"] = {"x_lab": {"IPAMConfig": None, "IPAddress": "198.18.0.70"}}
    assert find(docker(FakeApi((described, "me"))), "main", "me")["mine"].address == "198.18.0.70"


def test_ipv6_addresses_are_those_that_the_network_has() -> None:
    """One that was asked for counts where the network has IPv6: a host that is stopped has no other."""
    mx1, mx2 = inspected("mx1"), inspected("mx2", Status="exited", ExitCode=0)
    for each in (mx1, mx2):
        network = next(value for key, value in each["NetworkSettings"]["Networks"].items() if key.endswith("_lab"))
        network["IPAMConfig"]["IPv6Address"] = "2001:2:0:0::11"
    fake = FakeApi((mx1, None), (mx2, None))
    assert [host.addresses for host in find(docker(fake), "main").values()] == [("198.18.0.11",)] * 2
    network = next(value for key, value in mx1["NetworkSettings"]["Networks"].items() if key.endswith("_lab"))
    network["GlobalIPv6Address"] = "2001:2::11"
    assert [host.addresses for host in find(docker(fake), "main").values()] == [("198.18.0.11", "2001:2::11")] * 2


def test_guests_are_seen_by_whoever_brought_them() -> None:
    fake = FakeApi((inspected("mx1"), None), (inspected("mine"), "me"), (inspected("theirs"), "them"))
    assert list(find(docker(fake), "main")) == ["mx1"]
    assert list(find(docker(fake), "main", "me")) == ["mx1", "mine"]


def test_a_host_that_is_removed_meanwhile() -> None:
    fake = FakeApi((inspected("mx1"), None), (inspected("mx2"), None))
    fake.gone.add("id-mx1")
    assert list(find(docker(fake), "main")) == ["mx2"]


def test_one_host_by_its_container() -> None:
    fake = FakeApi((inspected("mx1"), None), (inspected("mx2"), None))
    host = inspect(docker(fake), "id-mx2")
    assert host.name == "mx2"
    client = DockerClient(base_url="http://127.0.0.1:9", version="1.41")  # nobody is there to be asked
    assert container(client, host).id == "id-mx2"
    client.close()


def test_labs_and_their_networks() -> None:
    assert list(networks(docker(FakeApi()))) == [
        ("main", 0, IPv4Network("198.18.0.0/20")),
        ("second", 7, IPv4Network("198.18.112.0/20")),
    ]


def test_the_end_of_a_log() -> None:
    fake = FakeApi((inspected("mx1"), None))
    assert last_lines(docker(fake), find(docker(fake), "main")["mx1"]) == "  mx1 | one\n  mx1 | \ufffd"


def test_a_host_that_there_is_not() -> None:
    found = find(docker(FakeApi((inspected("mx2"), None), (inspected("mx1"), None))), "main")
    assert known(found, "mx1").name == "mx1"
    with pytest.raises(LabError) as caught:
        known(found, "mx9")
    assert str(caught.value) == "this lab has no host 'mx9'\n  its hosts are: mx1, mx2"


class FakeFiles:
    """Docker's archive API over a container that has *files*; a text of None is a folder."""

    def __init__(self, files: Mapping[str, str | None]) -> None:
        self.api = self
        self.files = files
        self.asked: list[str] = []

    def get_archive(self, container: str, path: str) -> tuple[Iterator[bytes], object]:
        assert container == "id-client"
        self.asked.append(path)
        wanted = {name: text for name, text in self.files.items() if name == path or name.startswith(f"{path}/")}
        if not wanted:
            raise NotFound("no such file")
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as archive:
            for name, text in wanted.items():
                member = tarfile.TarInfo(name.removeprefix(f"{path.rpartition('/')[0]}/"))
                member.type = tarfile.DIRTYPE if text is None else tarfile.REGTYPE
                data = (text or "").encode()
                member.size = len(data)
                archive.addfile(member, io.BytesIO(data))
        data = buffer.getvalue()
        return iter([data[:700], data[700:]]), {}


CLIENT = Host("client", "client", "client.home.test", "198.18.0.21", "running", "id-client", "x", started="1")
MAIN_CF = "/etc/postfix/main.cf"


def test_settings_come_with_their_tables() -> None:
    files = FakeFiles(
        {
            MAIN_CF: "relayhost = [smarthost.isp.test]\n"
            "transport_maps = texthash:/etc/postfix/transport, lmdb:/etc/postfix/none, texthash:/etc/postfix/folder\n"
            "alias_maps = hash:/etc/aliases\n",
            "/etc/postfix/master.cf": "smtp unix - - n - - smtp\nslow unix - - n - - smtp\n  -o x=y\n",
            "/etc/postfix/transport": "odd.test smtp:[mx9.test]\n",
            "/etc/postfix/folder": None,
            "/etc/aliases": "# who reads\npostmaster: ana, bia@b.test\n",
        }
    )
    settings = Configuration(docker(files)).of(CLIENT)
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
    files = FakeFiles(
        {
            MAIN_CF: "relayhost = a.test\nmessage_size_limit = 1\n",
            "/etc/postfix/master.cf": "smtp unix - - n - - smtp\n",
        }
    )
    configuration = Configuration(docker(files))
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
    assert files.asked == ["/etc/postfix"]


def test_settings_are_read_once_for_each_start() -> None:
    files = FakeFiles({MAIN_CF: "relayhost = a.test\n"})
    configuration = Configuration(docker(files))
    assert configuration.of(CLIENT) is configuration.of(CLIENT)
    assert files.asked == ["/etc/postfix"]
    files.files = {MAIN_CF: "relayhost = b.test\n"}
    again = Host("client", "client", "client.home.test", "198.18.0.21", "running", "id-client", "x", started="2")
    assert configuration.of(again).relayhost == "b.test"


def test_mistakes_are_those_of_the_host_s_file() -> None:
    with pytest.raises(SettingsError, match=r"client:/etc/postfix/main\.cf:1: "):
        Configuration(docker(FakeFiles({MAIN_CF: "smtp_mx_session_limit = many\n"}))).of(CLIENT)


def test_settings_are_read_again_when_told_so() -> None:
    files = FakeFiles({MAIN_CF: "relayhost = a.test\n"})
    configuration = Configuration(docker(files))
    before = configuration.of(CLIENT)
    assert configuration.again(CLIENT) is False
    files.files = {MAIN_CF: "relayhost = b.test\n"}
    assert configuration.again(CLIENT) is True
    assert (before.relayhost, configuration.of(CLIENT).relayhost) == ("a.test", "b.test")


def test_who_sends_for_a_mail_store() -> None:
    files = FakeFiles(
        {
            "/etc/dovecot/dovecot.conf": "# submission_host = no.test\nsubmission_host = mx1.dest.test:10025\n",
            "/etc/dovecot/users": "bia:{PLAIN}x::::::\nlone:{PLAIN}x::::::userdb_a=b userdb_submission_host=\n",
        }
    )
    configuration = Configuration(docker(files))
    store = configuration.store(CLIENT)
    assert (store.outlet_of("bia"), store.outlet_of("lone")) == ("mx1.dest.test:10025", "")
    assert configuration.store(CLIENT) is store
    assert files.asked == ["/etc/dovecot"]


def test_what_a_mail_store_has_of_its_own_holds() -> None:
    files = FakeFiles(
        {
            "/etc/dovecot/dovecot.conf": "submission_host = mx1.dest.test:10025\n!include_try guest.conf\n",
            "/etc/dovecot/guest.conf": "submission_host = hub.a.test:25\n",
        }
    )
    assert Configuration(docker(files)).store(CLIENT).outlet_of("bia") == "hub.a.test:25"


def test_a_mail_store_that_nobody_sends_for() -> None:
    assert Configuration(docker(FakeFiles({}))).store(CLIENT).outlet_of("bia") == ""
