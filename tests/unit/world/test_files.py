"""What a lab is made from: the users file, the gateway's doors, and the tag that changes with any of it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lab.errors import LabError
from lab.world import bundle, users
from lab.world.doors import Door, doors

WHOLE = "postmaster:p\ncustomer:c\n"


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of compose/ and dnszone/ as it lies in an installed package."""
    package = tmp_path / "lab"
    for name in ("compose", "dnszone"):
        skipped = shutil.ignore_patterns("__pycache__")
        shutil.copytree(bundle.root() / name, package / "_bundle" / name, ignore=skipped)
    monkeypatch.setattr(bundle, "PACKAGE", package)
    doors.cache_clear()
    yield package / "_bundle"
    doors.cache_clear()


# Users


def test_the_lab_s_own_users() -> None:
    assert users.passwords()["bia"] == "bia-secret"
    assert set(users.REQUIRED) <= set(users.passwords())


def test_what_a_users_file_may_have() -> None:
    text = f"# a comment: here\n\n  # another\n{WHOLE}j.d_o-e1:a!\"$%&'()*+,-./;<=>?@[]^_`{{|}}~\n"
    assert users.parse(text) == (
        {"postmaster": "p", "customer": "c", "j.d_o-e1": "a!\"$%&'()*+,-./;<=>?@[]^_`{|}~"},
        [],
    )


def test_every_problem_at_once_with_its_line() -> None:
    text = (
        "postmaster:p\n\nbia\nBia:x\ncai:\ncai:y\ndora:d:d\neva:a b\nflo:é\ngus:x # his dog\n a:x\nana:x \n:x\nbo:x\r\n"
    )
    found, problems = users.parse(text)
    assert found["postmaster"] == "p"
    password = "the password of {!r} is empty, or has a colon, a hash, a blank or a letter beyond ASCII"
    name = "{!r} is not a name: lower-case letters, digits, dot, hyphen, underscore"
    assert problems == [
        "3: no colon in 'bia'",
        "4: " + name.format("Bia"),
        "5: " + password.format("cai"),
        "6: 'cai' is there twice",
        "7: " + password.format("dora"),
        "8: " + password.format("eva"),
        "9: " + password.format("flo"),
        "10: " + password.format("gus"),
        "11: " + name.format(" a"),
        "12: " + password.format("ana"),
        "13: " + name.format(""),
        "14: " + password.format("bo"),
        "1: customer is missing: client.home.test logs in to its smarthost with it",
    ]


def test_a_name_that_is_wrong_is_not_missing_too() -> None:
    assert users.parse("postmaster\ncustomer:c")[1] == ["1: no colon in 'postmaster'"]


def test_a_line_with_everything_wrong() -> None:
    assert users.parse(f"{WHOLE}B B:")[1] == [
        "3: the password of 'B B' is empty, or has a colon, a hash, a blank or a letter beyond ASCII",
        "3: 'B B' is not a name: lower-case letters, digits, dot, hyphen, underscore",
    ]


def test_users_of_a_store_of_its_own() -> None:
    """They may be whole addresses, and have letters that no name of the world has."""
    text = "# not the world's\njosé:one\nbia@a.test:two\nb a:three\njosé:four\nno-password\n:five\n"
    assert users.own(text) == (
        {"josé": "one", "bia@a.test": "two", "b a": "three", "no-password": "", "": "five"},
        [
            (4, "'b a' is not a name"),
            (5, "'josé' is there twice"),
            (6, "no colon in 'no-password'"),
            (7, "'' is not a name"),
        ],
    )


def test_a_broken_users_file_is_named(copy: Path) -> None:
    file = copy / "compose" / "users"
    file.write_text(f"{WHOLE}bia\n")
    with pytest.raises(LabError) as caught:
        users.passwords()
    assert str(caught.value) == f"{file}:3: no colon in 'bia'\n  a line is name:password"


@pytest.mark.parametrize("spoil", [lambda path: path.unlink(), lambda path: path.write_bytes(b"\xff:x\n")])
def test_a_users_file_that_cannot_be_read(copy: Path, spoil: Callable[[Path], object]) -> None:
    spoil(copy / "compose" / "users")
    with pytest.raises(LabError, match=r"cannot read the users file .*/compose/users: .*\n  restore it"):
        users.passwords()


# Doors


def test_the_lab_s_own_doors() -> None:
    found = doors()
    assert found[Door("mx1", 25)] == 2511
    assert found[Door("smarthost", 587)] == 2504
    assert str(Door("mx1", 25)) == "mx1:25"
    assert not any(door.host == "guests" for door in found)
    digits = [inner % 100 for inner in found.values()]
    assert len(set(digits)) == len(digits), "two doors are published at one port"


def test_doors_are_what_haproxy_listens_at(copy: Path) -> None:
    (copy / "compose" / "gateway" / "haproxy.cfg").write_text(
        "# listen no-25\nglobal\nlisten mx-a-25\n    bind :2590\n    server x x:25\nlisten mx4-587\n\tbind :2591\n"
    )
    assert doors() == {Door("mx-a", 25): 2590, Door("mx4", 587): 2591}


@pytest.mark.parametrize(
    ("spoil", "cause"),
    [
        (lambda path: path.write_text("global\n"), r"haproxy.cfg publishes no port"),
        (lambda path: path.unlink(), r"cannot read the gateway's configuration .*haproxy.cfg: .*No such file"),
    ],
)
def test_no_doors(copy: Path, spoil: Callable[[Path], object], cause: str) -> None:
    spoil(copy / "compose" / "gateway" / "haproxy.cfg")
    with pytest.raises(LabError, match=rf"{cause}.*\n  restore the file"):
        doors()


# The bundle and its tag


def test_the_installed_package_has_its_own_files(copy: Path) -> None:
    assert bundle.compose_folder() == copy / "compose"
    assert bundle.zone_folder() == copy / "dnszone" / "zones"


def test_a_copy_has_the_same_tag(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = bundle.tag()
    assert len(installed) == 12
    monkeypatch.undo()
    assert bundle.root() != copy
    assert bundle.tag() == installed


@pytest.mark.parametrize(
    "change",
    [
        lambda root: (root / "compose" / "users").write_text(WHOLE),
        lambda root: (root / "compose" / "users").write_bytes((root / "compose" / "users").read_bytes()[::-1]),
        lambda root: (root / "compose" / "postfix" / "timers.cf").write_text(""),
        lambda root: (root / "compose" / "postfix" / "more.cf").touch(),
        lambda root: (root / "compose" / "postfix" / "timers.cf").unlink(),
        lambda root: (root / "compose" / "postfix" / "timers.cf").rename(root / "compose" / "postfix" / "times.cf"),
        lambda root: (root / "dnszone" / "__init__.py").write_text("x = 1\n"),
    ],
)
def test_the_tag_changes_with_what_is_built(copy: Path, change: Callable[[Path], object]) -> None:
    before = bundle.tag()
    change(copy)
    assert bundle.tag() != before


@pytest.mark.parametrize(
    "change",
    [
        lambda root: (root / "compose" / "compose.yaml").write_text("services: {}\n"),
        lambda root: (root / "dnszone" / "__pycache__").mkdir() or (root / "dnszone" / "__pycache__" / "x.pyc").touch(),
        lambda root: (root / "compose" / "empty").mkdir(),
    ],
)
def test_the_tag_stays_with_what_is_not(copy: Path, change: Callable[[Path], object]) -> None:
    before = bundle.tag()
    change(copy)
    assert bundle.tag() == before
