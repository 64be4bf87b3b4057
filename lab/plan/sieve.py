"""What a Sieve script (RFC 5228) sends on, as far as the script alone tells: its redirect commands.

In: the text of a script. Out: :func:`redirects`. A redirect outside every block is certain, unless the script may have
ended before; inside a block the message decides. Nothing is evaluated: this is no interpreter.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

TOKEN = re.compile(
    r"""\#[^\n]*|/\*.*?\*/|\s+"""  # comments and white space (RFC 5228 2.3)
    r"""|text:[ \t]*(?:\#[^\n]*)?\n(?P<lines>.*?)^\.[ \t]*$"""  # a multi-line string (2.4.2)
    r"""|"(?P<string>(?:[^"\\]|\\.)*)"|(?P<word>:?\w+|.)""",
    re.DOTALL | re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Redirect:
    """One address to which a script sends a message on; not ``certain`` where the message decides."""

    address: str
    certain: bool


def redirects(script: str) -> tuple[Redirect, ...]:
    """Return the redirects of *script* in order; one whose address has a variable (RFC 5229) is none of them."""
    found = []
    depth, certain = 0, True
    words = _words(script)
    for position, (kind, word) in enumerate(words):
        if kind == "string":
            continue
        depth += {"{": 1, "}": -1}.get(word, 0)
        if word.lower() == "stop" and depth:
            certain = False  # what comes after a stop in a block may never be reached
        elif word.lower() == "stop":
            break
        elif word.lower() == "redirect":
            address = next((text for kind, text in words[position + 1 :] if kind == "string"), "")
            if address and "${" not in address:
                found.append(Redirect(address.strip(), certain and depth == 0))
    return tuple(found)


def _words(script: str) -> list[tuple[str, str]]:
    """Return (kind, text) for each word and string; in a string a backslash only keeps what follows it (2.4.2)."""
    found = []
    for token in TOKEN.finditer(script):
        if token["string"] is not None:
            found.append(("string", re.sub(r"\\(.)", r"\1", token["string"], flags=re.DOTALL)))
        elif token["lines"] is not None:
            found.append(("string", token["lines"]))
        elif token["word"] is not None:
            found.append(("word", token["word"]))
    return found
