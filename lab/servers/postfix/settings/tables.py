"""Postfix lookup tables and domain lists, as far as they can be read without Postfix.

``inline:{...}`` and ``static:...`` carry their contents; those of ``texthash:``, ``lmdb:`` and the like are
given as the text that postmap(1) reads. Any other table (ldap:, socketmap: ...) is known by name only: its
``entries`` are None.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lab.servers.postfix.settings.maincf import logical_lines, words

FILE_TYPES = frozenset({"texthash", "hash", "lmdb", "btree", "cdb", "dbm", "sdbm"})


@dataclass(frozen=True, slots=True)
class Table:
    """One ``type:name``.

    ``entries`` maps lower-case keys to results; None when the contents are not known here.
    """

    type: str
    name: str
    entries: Mapping[str, str] | None

    def find(self, key: str) -> str | None:
        """Return the result for *key*, None when there is none or the contents are not known."""
        if self.type == "static":
            return self.name
        return None if self.entries is None else self.entries.get(key.lower())

    @property
    def readable(self) -> bool:
        """Whether :meth:`find` can be believed."""
        return self.type == "static" or self.entries is not None

    def __str__(self) -> str:
        """Return it as it is written in main.cf."""
        return f"{self.type}:{self.name}"


@dataclass(frozen=True, slots=True)
class DomainList:
    """A list of domains: names, tables, ``!name`` for an exception. The first item that matches decides."""

    items: tuple[str | Table, ...] = ()

    def matches(self, domain: str, ask: Callable[[Table], bool], *, parents: bool = False) -> bool:
        """Return whether *domain* is on the list.

        *parents*: "a.test" also stands for its subdomains (parent_domain_matches_subdomains; of the routing
        lists this holds for relay_domains only). *ask* decides for a table whose contents are not known.
        """
        domain = domain.lower()
        for item in self.items:
            if isinstance(item, Table):
                if item.find(domain) is not None if item.readable else ask(item):
                    return True
                continue
            pattern = item.lstrip("!").lower()
            below = parents or pattern.startswith(".")
            if domain == pattern or (below and domain.endswith("." + pattern.lstrip("."))):
                return not item.startswith("!")
        return False

    @property
    def tables(self) -> tuple[Table, ...]:
        """The tables among the items."""
        return tuple(item for item in self.items if isinstance(item, Table))


def table(word: str, files: Mapping[str, str]) -> Table:
    """Return the table that *word*, ``type:name``, stands for. *files* maps file names to contents."""
    type_, _, name = word.partition(":")
    if type_ == "proxy":  # the same table, opened by proxymap(8)
        return table(name, files)
    if type_ == "inline":
        return Table(type_, name, _inline(name))
    if type_ in FILE_TYPES and name in files:
        return Table(type_, name, _postmap(files[name]))
    return Table(type_, name, None)


def table_list(value: str, files: Mapping[str, str]) -> tuple[Table, ...]:
    """Return the tables of a parameter such as transport_maps, in the order in which they are searched."""
    return tuple(table(word, files) for word in words(value))


def alias_list(value: str, files: Mapping[str, str]) -> tuple[Table, ...]:
    """Return the tables of alias_maps: what postalias(1) makes an index of is written as aliases(5) says."""
    found = []
    for word in words(value):
        type_, _, name = word.partition(":")
        compiled = type_ in FILE_TYPES - {"texthash"} and name in files
        found.append(Table(type_, name, _postalias(files[name])) if compiled else table(word, files))
    return tuple(found)


def domain_list(value: str, files: Mapping[str, str]) -> DomainList:
    """Return the list of a parameter such as relay_domains; ``/file/name`` stands for that file's words."""
    items: list[str | Table] = []
    for word in words(value):
        if word.startswith("/") and word in files:
            items.extend(domain_list(" ".join(line for _, line in logical_lines(files[word])), files).items)
        elif word.startswith("/"):
            items.append(Table("file", word, None))
        elif ":" in word and not word.startswith("["):
            items.append(table(word, files))
        else:
            items.append(word)
    return DomainList(tuple(items))


def _inline(text: str) -> dict[str, str]:
    """Read ``{ key = value, { key = text with spaces } }``."""
    content = text.strip().removeprefix("{").removesuffix("}")
    result = {}
    for word in words(content):
        key, _, value = word.removeprefix("{").removesuffix("}").partition("=")
        result[key.strip().lower()] = value.strip()
    return result


def _postmap(text: str) -> dict[str, str]:
    """Read ``key value`` lines (postmap(1))."""
    result = {}
    for _, line in logical_lines(text):
        key, _, value = line.replace("\t", " ").partition(" ")
        result[key.strip('"').lower()] = value.strip()
    return result


def _postalias(text: str) -> dict[str, str]:
    """Read ``name: value`` lines (aliases(5))."""
    result = {}
    for _, line in logical_lines(text):
        key, _, value = line.partition(":")
        result[key.strip().strip('"').lower()] = value.strip()
    return result
