"""Recipients that come out of others, as virtual(5), aliases(5) and Sieve scripts say."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lab.plan.postfix.aliases import Aliased, AliasLoopError, aliased, virtual
from lab.plan.sieve import Redirect, redirects
from lab.servers.postfix.settings import Settings

Make = Callable[..., Settings]
VIRTUAL = """\
team@a.test    bia@a.test, cai@b.test
bia@a.test     bia@a.test
chain@a.test   team@a.test
sales@a.test   eva@b.test
whole+x@a.test dora@b.test
bare@a.test    dora
moved@a.test   @new.test
twice@a.test   cai@b.test CAI@b.test
root           ana@home.test
@b.test        @c.test
@all.test      one@all.test, two@all.test
"""


def here(domain: str) -> bool:
    return domain == "here.test"


@pytest.fixture
def host(settings: Make) -> Settings:
    main_cf = (
        "virtual_alias_maps = texthash:/v\nrecipient_delimiter = +\nmyorigin = home.test\n"
        "alias_maps = hash:/a\nvirtual_alias_recursion_limit = 100\n"
    )
    aliases = (
        'eva: cai@b.test\nteam: eva, bia, "|program"\nown: own, cai@b.test\nloop: pool\npool: loop\n'
        "file: /var/mail/x\norigin: somebody\n"
    )
    return settings(main_cf, tables={"/v": VIRTUAL, "/a": aliases})


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("nobody@a.test", None),
        ("team@a.test", ("bia@a.test", "cai@c.test")),
        ("TEAM@a.test", ("bia@a.test", "cai@c.test")),
        ("bia@a.test", ("bia@a.test",)),  # an entry of itself is one, and ends it
        ("chain@a.test", ("bia@a.test", "cai@c.test")),
        ("sales+june@a.test", ("eva+june@c.test",)),  # propagate_unmatched_extensions
        ("whole+x@a.test", ("dora@c.test",)),
        ("bare@a.test", ("dora@home.test",)),  # append_at_myorigin
        ("moved+x@a.test", ("moved+x@new.test",)),
        ("twice@a.test", ("cai@c.test",)),
        ("root@here.test", ("ana@home.test",)),  # a bare user counts where mail is local
        ("root@home.test", ("ana@home.test",)),  # and at myorigin
        ("root@a.test", None),
        ("any@all.test", ("one@all.test", "two@all.test")),  # a catch-all expands for its own results as well
    ],
)
def test_virtual_aliases(host: Settings, address: str, expected: tuple[str, ...] | None) -> None:
    assert virtual(address, host, here) == expected


def test_a_detail_is_kept_only_where_it_is_said(settings: Make) -> None:
    main_cf = (
        "recipient_delimiter = +\npropagate_unmatched_extensions = canonical\n"
        "virtual_alias_maps = inline:{ {u@a.test = v@b.test} }"
    )
    assert virtual("u+x@a.test", settings(main_cf), here) == ("v@b.test",)


@pytest.mark.parametrize(
    "maps",
    [
        "{u@a.test = v@a.test}, {v@a.test = u@a.test}",
        "{u@a.test = u@a.test v@a.test}, {v@a.test = w@a.test x@a.test y@a.test}",
    ],
    ids=["recursion", "expansion"],
)
def test_aliases_without_an_end(settings: Make, maps: str) -> None:
    main_cf = f"virtual_alias_maps = inline:{{ {maps} }}\nvirtual_alias_expansion_limit = 3"
    with pytest.raises(AliasLoopError):
        virtual("u@a.test", settings(main_cf), here)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("nobody@here.test", None),
        ("Eva@here.test", Aliased(("cai@b.test",), ())),
        ("eva+x@here.test", Aliased(("cai@b.test",), ())),
        ("file@here.test", Aliased((), ("/var/mail/x",))),
        ("origin@here.test", Aliased(("somebody@home.test",), ())),
    ],
)
def test_aliases_of_local(host: Settings, address: str, expected: Aliased | None) -> None:
    assert aliased(address, host, here) == expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("team@here.test", Aliased(("cai@b.test",), ("bia@here.test", '"|program"'))),
        ("own@here.test", Aliased(("cai@b.test",), ("own@here.test",))),  # one that names itself is the user
    ],
)
def test_aliases_of_local_to_local_ones(settings: Make, address: str, expected: Aliased) -> None:
    aliases = 'eva: cai@b.test\nteam: eva, bia, "|program"\nown: own, cai@b.test\n'
    found = aliased(address, settings("alias_maps = hash:/a\nmyorigin = here.test", tables={"/a": aliases}), here)
    assert found == expected


def test_local_aliases_that_go_round_are_left(settings: Make) -> None:
    aliases = "loop: pool\npool: loop\n"
    host = settings("alias_maps = hash:/a\nmyorigin = here.test", tables={"/a": aliases})
    found = aliased("loop@here.test", host, here)
    assert found is not None
    assert found.away == ()


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ('redirect "x@b.test";', [("x@b.test", True)]),
        ('require "copy";\nREDIRECT :copy "x@b.test";', [("x@b.test", True)]),
        ('keep; redirect "x@b.test"; redirect "y@b.test";', [("x@b.test", True), ("y@b.test", True)]),
        ('if header :is "a" "b" { redirect "x@b.test"; }', [("x@b.test", False)]),
        ('if true { stop; } redirect "x@b.test";', [("x@b.test", False)]),
        ('stop; redirect "x@b.test";', []),
        ('# redirect "x@b.test";\n/* redirect\n"y@b.test"; */ keep;', []),
        ('reject "redirect";', []),
        ('reject text:\nredirect "x@b.test";\n.\n;', []),
        ('redirect "\\"x y\\"@b.test";', [('"x y"@b.test', True)]),
        ('redirect "${who}@b.test";', []),
        ("redirect text:\nx@b.test\n.\n;", [("x@b.test", True)]),
        ("keep", []),
        ("redirect", []),
        ("", []),
    ],
)
def test_what_a_script_sends_on(script: str, expected: list[tuple[str, bool]]) -> None:
    assert redirects(script) == tuple(Redirect(*each) for each in expected)
