"""Text that is safe to print: what a stranger wrote into a message, a reply or a log line cannot steer a terminal.

In: any text. Out: the same, with every character that does not show itself written as a visible escape: ESC and the
other controls of C0 and C1 (ECMA-48), bidirectional and zero-width ones, separators of lines and paragraphs, halves of
surrogate pairs. Line feeds and tabs stay, as the text's own layout. Pure.
"""

from __future__ import annotations

import json

LAYOUT = frozenset("\n\t")


def printable(text: str) -> str:
    """Return *text* with what does not show itself as "\\x1b", "\\u202e" or "\\U000e0001"."""
    if text.isprintable():  # of nearly every line, at the speed of C
        return text
    return "".join(each if each.isprintable() or each in LAYOUT else _escaped(each) for each in text)


def dumped(value: object, indent: int | None = None) -> str:
    """Return a JSON document that is as safe: JSON's own escapes, and the value that they stand for is unchanged."""
    text = json.dumps(value, indent=indent, ensure_ascii=False, default=str)
    if text.replace("\n", "").isprintable():
        return text
    # Outside its strings JSON has no such characters (RFC 8259 2).
    return "".join(each if each.isprintable() or each == "\n" else json.dumps(each)[1:-1] for each in text)


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
