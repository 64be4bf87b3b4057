"""A reply of an SMTP server (RFC 5321 4.2): a code and one or more lines of text."""

from __future__ import annotations

import re
from dataclasses import dataclass

ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3} ")  # RFC 3463
LINE = re.compile(r"(?P<code>[2-5]\d\d)(?:[ -](?P<text>.*))?")


@dataclass(frozen=True, slots=True)
class Reply:
    """``code`` and the texts of its lines, without code and line end."""

    code: int
    texts: tuple[str, ...]

    @classmethod
    def parse(cls, lines: list[str]) -> Reply:
        """Return the reply of *lines*, e.g. ``["450 4.2.0 Greylisted", "come back later"]``.

        The first line has the code, others may repeat it. RFC 2034 4 wants an enhanced status code in every line, so
        the first line's is repeated. ValueError where the first line has no code, or another line another one.
        """
        first = LINE.fullmatch(lines[0])
        if first is None:
            raise ValueError(f'"{lines[0]}" does not begin with a reply code from 200 to 599')
        texts = [first["text"] or ""]
        enhanced = ENHANCED.match(texts[0])
        for line in lines[1:]:
            found = LINE.fullmatch(line)
            if found and found["code"] != first["code"]:
                raise ValueError(f'"{line}" has another code than the first line, {first["code"]}')
            text = (found["text"] or "") if found else line
            texts.append(text if enhanced is None or ENHANCED.match(text) else enhanced[0] + text)
        return cls(int(first["code"]), tuple(texts))

    @classmethod
    def of(cls, *lines: str) -> Reply:
        """Return the reply of *lines*, as :meth:`parse` does."""
        return cls.parse(list(lines))

    @property
    def positive(self) -> bool:
        """Whether the command succeeded, or waits for more (2xx, 3xx)."""
        return self.code < 400

    @property
    def text(self) -> str:
        """The reply as a log shows it: lines as sent, without CR."""
        last = len(self.texts) - 1
        return "\n".join(f"{self.code}{' ' if index == last else '-'}{text}" for index, text in enumerate(self.texts))

    def plain(self) -> Reply:
        """Return the reply without enhanced status codes."""
        return Reply(self.code, tuple(ENHANCED.sub("", text, count=1) for text in self.texts))

    def wire(self) -> bytes:
        """Return the reply's bytes."""
        return "".join(f"{line}\r\n" for line in self.text.split("\n")).encode()
