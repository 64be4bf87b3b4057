"""The keys under which Postfix looks an address up in a table, after mail_addr_find(3) and transport(5)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from lab.servers.postfix.settings import Settings, Table


def address_keys(address: str, settings: Settings, local: Callable[[str], bool]) -> Iterator[tuple[str, str]]:
    """Yield (key, detail that the key leaves out): user+detail@domain, user@domain, user, then @domain.

    The bare user counts only where *local* says that mail for the domain is delivered on this host.
    """
    user, _, domain = address.rpartition("@")
    bare, detail = split(user, settings.recipient_delimiter)
    yield address, ""
    if detail:
        yield f"{bare}@{domain}", detail
    if domain.lower() == settings.myorigin.lower() or local(domain):
        yield user, ""
        if detail:
            yield bare, detail
    yield f"@{domain}", ""


def split(user: str, delimiters: str) -> tuple[str, str]:
    """Split "user+detail" at the first of *delimiters*; the detail keeps it, and is "" if there is none."""
    at = next((index for index, letter in enumerate(user) if index and letter in delimiters), len(user))
    return user[:at], user[at:]


def first(tables: Iterable[Table], key: str) -> str | None:
    """Return what the first of *tables* that has *key* says."""
    return next((found for table in tables if (found := table.find(key)) is not None), None)
