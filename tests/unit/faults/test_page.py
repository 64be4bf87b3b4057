"""The tables of kinds in the documentation: they are what the registries make."""

from __future__ import annotations

import pytest

from lab.faults.page import DOCS, TABLES, filled


@pytest.mark.parametrize("name", TABLES)
def test_the_table_in_docs_is_current(name: str) -> None:
    text = (DOCS / name).read_text("utf-8")
    assert text == filled(text, TABLES[name]()), "make pages"


def test_a_page_without_a_place_is_told() -> None:
    with pytest.raises(ValueError, match="no place for a table"):
        filled("# Faults\n", "| a |\n")
