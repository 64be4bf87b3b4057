"""What a sender asks of the notices about its message, and how MAIL and RCPT say it (RFC 3461). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

NEVER = "never"
NOTIFY = ("success", "failure", "delay", NEVER)
RET = ("full", "hdrs")
ORCPT = re.compile(r"[A-Za-z0-9-]+;\S+")
PLAIN = re.compile(r"[!-*,-<>-~]")  # what xtext leaves as it is: printable ASCII without "+" and "=" (RFC 3461 4)
ENVID_LENGTH = 100  # characters, encoded (RFC 3461 4.4)


@dataclass(frozen=True, slots=True)
class Dsn:
    """The parameters of one message; what is not said is left to the servers: NOTIFY=FAILURE, and DELAY as they like.

    ``notify``: some of success, failure and delay, or never alone; ``ret``: how much of the message comes back in a
    notice of failure, "full" or "hdrs"; ``envid``: what notices call the message; ``orcpt``: the recipient that
    notices name as the original one, with its address type: "rfc822;team@home.test".
    """

    notify: tuple[str, ...] = ()
    ret: str | None = None
    envid: str | None = None
    orcpt: str | None = None

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield the name of each parameter that cannot be said, and why."""
        wrong = [each for each in self.notify if each not in NOTIFY]
        if wrong:
            yield "notify", f"{wrong[0]!r} is none of {', '.join(NOTIFY)}"
        elif NEVER in self.notify and len(self.notify) > 1:
            yield "notify", "never stands alone (RFC 3461 4.1)"
        if self.ret not in (None, *RET):
            yield "ret", f"{self.ret!r} is none of {', '.join(RET)}"
        if self.envid is not None and not 1 <= len(xtext(self.envid)) <= ENVID_LENGTH:
            yield "envid", f"has not 1 to {ENVID_LENGTH} characters, encoded (RFC 3461 4.4)"
        if self.orcpt is not None and not ORCPT.fullmatch(self.orcpt):
            yield "orcpt", f"{self.orcpt!r} is not a type and address, such as 'rfc822;team@home.test'"

    def mail(self) -> str:
        """Return what MAIL says, with a blank before it; nothing where nothing is asked."""
        ret = f" RET={self.ret.upper()}" if self.ret else ""
        return ret + (f" ENVID={xtext(self.envid)}" if self.envid else "")

    def rcpt(self) -> str:
        """Return what RCPT says, as :meth:`mail` does."""
        notify = f" NOTIFY={','.join(self.notify).upper()}" if self.notify else ""
        type_, _, address = (self.orcpt or "").partition(";")
        return notify + (f" ORCPT={type_};{xtext(address)}" if self.orcpt else "")


DEFAULT = Dsn()  # nothing is asked


def xtext(text: str) -> str:
    """Return *text* as xtext: every octet that is not plain as "+" and two hexadecimal digits (RFC 3461 4)."""
    return "".join(
        chr(octet) if PLAIN.fullmatch(chr(octet)) else f"+{octet:02X}" for octet in text.encode("utf-8", "replace")
    )
