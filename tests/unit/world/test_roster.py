"""The hosts of the world stand in one place, and what is known of them follows from it, or is held to it here."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.cli import picture
from lab.control.http import PORTS
from lab.mail import access
from lab.scenario.run.hosts_needed import shared
from lab.world import bundle, images, roster
from lab.world.doors import Door, doors
from lab.world.roster import Member
from tests.unit.scenario.conftest import scenario

SERVICE = re.compile(r"^  (?P<service>[\w-]+):(?: &\w+)?\n(?P<body>(?:    .*\n|\n)+)", re.MULTILINE)
LABELS = re.compile(
    r"labels: \{.*mail-lab\.host: (?P<host>[\w-]+), "
    r"mail-lab\.role: (?P<role>[\w-]+), mail-lab\.software: (?P<software>[\w-]+)"
)
FORWARDED = re.compile(r'^    server (?P<host>[\w-]+) "\$\{(?P<variable>\w+)\}:\d+"$', re.MULTILINE)
PUBLISHED = re.compile(r'- "127\.0\.0\.1:\$\{LAB_PORTS:-250\}(?P<digits>\d\d):(?P<inner>\d+)"')
MAIL = (
    'title = "t"\nteaches = "t"\n[[message]]\nto = "bia@dest.test"\nvia = "direct"\n[expect]\noutcome = "delivered"\n'
)

RECIPE = {  # file of a checkout to what is added behind the place that a pattern finds, for mx4
    "compose/compose.yaml": [
        (
            r"^  MX3_V6: .*\n",
            '  MX4: &mx4 "${LAB_NET:-198.18.0}.14"\n  MX4_V6: &mx4_v6 "${LAB_NET6:-2001:2:0:0::0}:14"\n',
        ),
        (r'^ .*:2513"\n', '      - "127.0.0.1:${LAB_PORTS:-250}14:2514"\n'),
        (
            r"^  mx3:\n(    .*\n)+\n",
            """\
  mx4:
    <<: *mx
    hostname: mx4.dest.test
    labels: {mail-lab.host: mx4, mail-lab.role: mx, mail-lab.software: postfix, mail-lab.fqdn: mx4.dest.test}
    networks: {lab: {ipv4_address: *mx4, ipv6_address: *mx4_v6}}

""",
        ),
    ],
    "compose/gateway/haproxy.cfg": [
        (r"^    server mx3 .*\n", 'listen mx4-25\n    bind :2514\n    server mx4 "${MX4}:25"\n'),
    ],
    "dnszone/zones/dest.test.zone": [
        (r"^@ .* mx3\n", "@       MX    40 mx4\n"),
        (r"^mx3-v6 .*\n", "mx4     A     $MX4\nmx4-v6  AAAA  $MX4_V6\n"),
    ],
    "compose/dns/Dockerfile": [(r"MX3=\S+ ", "MX4=198.18.0.14 "), (r"MX3_V6=\S+ ", "MX4_V6=2001:2::14 ")],
    "compose/gateway/Dockerfile": [(r"MX3=\S+ ", "MX4=127.0.0.1 ")],
}


def left_out() -> Iterator[str]:
    """Yield what compose/, the zones and the picture do not say of the hosts in the roster, each as "FILE: HOST"."""
    compose = (bundle.compose_folder() / "compose.yaml").read_text("utf-8")
    zones = "\n".join(path.read_text("utf-8") for path in bundle.zone_folder().glob("*.zone"))
    gateway = (bundle.compose_folder() / "gateway" / "haproxy.cfg").read_text("utf-8")
    checked = {name: (bundle.compose_folder() / name / "Dockerfile").read_text("utf-8") for name in ("dns", "gateway")}
    services = {found["service"]: found["body"] for found in SERVICE.finditer(compose)}
    for member in roster.MEMBERS:
        name, variable = member.name, member.name.upper()
        address = f"{{ipv4_address: *{name}, ipv6_address: *{name}_v6}}"
        if address not in services.get(name, ""):
            yield f"compose.yaml: {name}"
        for each in (variable, f"{variable}_V6"):
            if not re.search(rf"^  {each}: &{each.lower()} ", compose, re.MULTILINE):
                yield f"compose.yaml: {each}"
            if not re.search(rf"\b{each}=\S", checked["dns"]):
                yield f"dns/Dockerfile: {each}"
        if f"${{{variable}}}" in gateway and not re.search(rf"\b{variable}=\S", checked["gateway"]):
            yield f"gateway/Dockerfile: {variable}"
        for type_, each in (("A", variable), ("AAAA", f"{variable}_V6")):
            if not re.search(rf"^{name}\S*\s+{type_}\s+\${each}\b", zones, re.MULTILINE):
                yield f"zones: {each}"
        if member.exchanges and not re.search(rf"^@\s+MX\s+\d+\s+{name}$", zones, re.MULTILINE):
            yield f"zones: MX {name}"
        port = 25 if name in roster.mtas() else PORTS.get(name)
        if port and Door(name, port) not in doors():
            yield f"haproxy.cfg: {name}:{port}"
        if f"@{name}" not in picture.MAP and name not in picture.ASIDE:
            yield f"picture: {name}"


def test_compose_the_zones_and_the_picture_have_every_host() -> None:
    assert list(left_out()) == []


def test_they_have_no_host_that_is_not_in_the_roster() -> None:
    compose = (bundle.compose_folder() / "compose.yaml").read_text("utf-8")
    labelled = {found["host"]: (found["role"], found["software"]) for found in LABELS.finditer(compose)}
    assert labelled == {member.name: (member.role, member.software) for member in roster.MEMBERS}
    assert {door.host for door in doors()} <= {*roster.names()}
    assert {found["host"] for found in picture.PLACE.finditer(picture.MAP)} | {*picture.ASIDE} == {*roster.names()}
    zone = (bundle.zone_folder() / "dest.test.zone").read_text("utf-8")
    assert set(re.findall(r"^@\s+MX\s+\d+\s+(\w+)$", zone, re.MULTILINE)) == roster.exchangers("dest.test")


def test_each_door_of_the_gateway_is_published_and_leads_to_its_host() -> None:
    gateway = (bundle.compose_folder() / "gateway" / "haproxy.cfg").read_text("utf-8")
    forwarded = [(found["host"], found["variable"]) for found in FORWARDED.finditer(gateway)]
    assert forwarded == [(door.host, door.host.upper()) for door in doors()]
    compose = (bundle.compose_folder() / "compose.yaml").read_text("utf-8")
    published = {int(found["inner"]): found["digits"] for found in PUBLISHED.finditer(compose)}
    assert published == {inner: f"{inner % 100:02}" for inner in (*doors().values(), access.GUESTS)}


def test_each_image_is_built_from_a_service_that_has_it() -> None:
    compose = (bundle.compose_folder() / "compose.yaml").read_text("utf-8")
    services = {found["service"]: found["body"] for found in SERVICE.finditer(compose)}
    named = {name: re.search(r"image: (mail-lab/\w+):", services[name]) for name in roster.names()}
    built = {found[1]: found[0] for found in named.values() if found}  # a service without takes mx1's
    assert built.keys() == images.SERVICES.keys()
    assert [image for image, name in images.SERVICES.items() if built[image] not in services[name]] == []


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Have a copy of compose/ and dnszone/ in place of the lab's own, whose files a test may change."""
    for name in ("compose", "dnszone"):
        shutil.copytree(bundle.root() / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(bundle, "root", lambda: tmp_path)
    doors.cache_clear()
    yield tmp_path
    doors.cache_clear()


def test_a_fourth_exchanger_needs_what_the_recipe_says_and_no_more(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As docs/add-a-host.md has it: a line in the roster, then what is missed for it, each with mx3 as its pattern."""
    monkeypatch.setattr(roster, "MEMBERS", (*roster.MEMBERS, Member("mx4", "mx", "postfix", exchanges="dest.test")))
    missed = {each.partition(":")[0] for each in left_out()}
    assert missed == {"compose.yaml", "haproxy.cfg", "zones", "dns/Dockerfile", "picture"}
    for name, added in RECIPE.items():
        text = (copy / name).read_text("utf-8")
        for pattern, more in added:
            place = re.search(pattern, text, re.MULTILINE)
            assert place, f"{name} has no {pattern}"
            text = text[: place.end()] + more + text[place.end() :]
        (copy / name).write_text(text, "utf-8")
    monkeypatch.setattr(picture, "MAP", f"{picture.MAP}  @mx4\n")
    doors.cache_clear()
    test_compose_the_zones_and_the_picture_have_every_host()
    test_they_have_no_host_that_is_not_in_the_roster()
    test_each_door_of_the_gateway_is_published_and_leads_to_its_host()
    test_each_image_is_built_from_a_service_that_has_it()
    assert doors()[Door("mx4", 25)] == 2514
    assert ("MX4" in roster.variables(), "mx4" in roster.mtas()) == (True, True)
    assert "mx4" in shared(scenario(MAIL))  # whoever sends to dest.test uses it, so that nobody breaks it meanwhile


def test_the_page_names_every_file_of_the_recipe() -> None:
    page = (Path(__file__).parents[3] / "docs" / "add-a-host.md").read_text("utf-8")
    table = page.partition("## For all: a host of the world")[2].partition("Addresses:")[0]
    named = {
        name
        for row in table.splitlines()
        if row.startswith("| `")
        for name in re.findall(r"`([^`]+)`", row.split("|")[1])
    }
    assert named == {*RECIPE, "lab/world/roster.py", "lab/cli/picture.py"}


def test_what_a_relaying_host_sends_goes_through_its_relay() -> None:
    assert roster.behind("client") == {"smarthost"}
    assert roster.behind("direct") == frozenset()
