"""Mutated SMTP sessions: what a client should never say, in an order that a seed decides.

Each begins as a right session (RFC 5321 appendix D, BDAT, STARTTLS, AUTH) and goes wrong in one to six ways.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Iterator
from random import Random

Lines = list[bytes]

BODY = b"Subject: x\r\nMessage-ID: <m@home.test>\r\n\r\n..hello\r\n.\r\n"
HEAD = [b"EHLO c\r\n", b"MAIL FROM:<ana@home.test>\r\n", b"RCPT TO:<bia@dest.test>\r\n"]
MOST = 1_000_000  # bytes that a repetition adds
RIGHT: tuple[Lines, ...] = (
    [*HEAD, b"DATA\r\n", BODY, b"QUIT\r\n"],
    [b"HELO c\r\n", *HEAD[1:], b"DATA\r\n", BODY, b"RSET\r\n", b"NOOP\r\n"],
    [*HEAD, b"BDAT 5\r\n", b"12345", b"BDAT 0 LAST\r\n"],
    [HEAD[0], b"AUTH PLAIN\r\n", b"AGEAYg==\r\n", b"AUTH LOGIN YQ==\r\n", b"Yg==\r\n", b"VRFY bia\r\n", b"HELP\r\n"],
    [HEAD[0], b"STARTTLS\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(300)],
)
ARGUMENTS = [
    *(b"SIZE=" + value for value in (b"DSN", b"", b"-1", b"9" * 40, "٣٣".encode(), b"\0")),
    *b"BODY=PIPELINING BODY= RET=FULL ENVID=\xff NOTIFY=NEVER,NEVER ORCPT=; AUTH= = == SMTPUTF8=1".split(),
    *("ключ=значение".encode(), b"X" * 900),
]
COMMANDS = [
    *(b"BDAT " + size for size in (b"", b"-5", b"99999999999", b"1 LAST LAST", b"0x10", "٣".encode(), b"7 last")),
    *(b"MAIL FROM:" + path for path in b'< <>> <@a,@b:x@y> <"\\">@x> <" <\xc3\xbc@\xc3\xbc> <a@b>x'.split()),
    *(b"RCPT TO:" + path for path in (b"<>", b"<postmaster>", b'<"a>, relay=x"@b>', b"<" + b"a" * 1500 + b"@b>")),
    *(b"AUTH", b"AUTH LOGIN =", b"AUTH PLAIN *", b"AUTH \xff", b"STARTTLS now", b"DATA now", b"QUIT now", b"EHLO"),
    *(b"VRFY \x1b]0;x\x07", b"EXPN x", b"", b" ", b"\0", b"\r", b"GET / HTTP/1.1", b"NOOP\rNOOP", b"ehlo\tx"),
]


def mutations(seed: int, count: int) -> Iterator[list[bytes]]:
    """Yield *count* sessions; each is what a client sends, a piece at a time, before it closes its side."""
    for number in range(count):
        random = Random(f"{seed} {number}")  # noqa: S311  a session can be had again by its number alone
        session = list(random.choice(RIGHT))
        for _ in range(random.randint(1, 6)):
            random.choice(WAYS)(random, session)
        yield _pieces(random, session)


def _pieces(random: Random, session: Lines) -> list[bytes]:
    """Return the session as it is sent: a line at a time, all at once, or cut anywhere."""
    match random.randrange(3):
        case 0:
            return session
        case 1:
            return [b"".join(session)]
        case _:
            data = b"".join(session)
            cuts = sorted(random.randint(0, len(data)) for _ in range(random.randint(1, 8)))
            return [data[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(data)], strict=True) if end > begin]


def _drop(random: Random, session: Lines) -> None:
    if len(session) > 1:
        del session[random.randrange(len(session))]


def _repeat(random: Random, session: Lines) -> None:
    at, times = random.randrange(len(session)), random.choice((1, 2, 50, 1200))
    session[at:at] = [session[at]] * min(times, MOST // (len(session[at]) + 1))


def _swap(random: Random, session: Lines) -> None:
    one, other = random.randrange(len(session)), random.randrange(len(session))
    session[one], session[other] = session[other], session[one]


def _insert_command(random: Random, session: Lines) -> None:
    session.insert(
        random.randint(0, len(session)), random.choice(COMMANDS) + random.choice((b"\r\n", b"\n", b"\r", b""))
    )


def _insert_garbage(random: Random, session: Lines) -> None:
    length = random.choice((1, 10, 511, 513, 2047, 2050, 100_000))
    kind = random.randrange(4)
    if kind == 0:
        garbage = random.randbytes(length)
    elif kind == 1:
        garbage = bytes(length)
    elif kind == 2:
        garbage = "".join(random.choices(string.printable + "üß\u2028\x85漢😀", k=length)).encode()
    else:
        garbage = b"A" * length
    session.insert(random.randint(0, len(session)), garbage + random.choice((b"\r\n", b"")))


def _line_ends(random: Random, session: Lines) -> None:
    at = random.randrange(len(session))
    session[at] = session[at].replace(b"\r\n", random.choice((b"\n", b"\r", b"\r\r\n", b"\n\r", b"\x00\r\n", b"")))


def _dots(random: Random, session: Lines) -> None:
    end = random.choice((b"\n.\n", b"\r\n.\n", b"\n.\r\n", b"\r.\r", b"\r\n..\r\n", b"\r\n.\r\n.\r\n", b"\x00.\r\n"))
    at = random.randrange(len(session))
    session[at] = session[at].replace(b"\r\n.\r\n", end)


def _bytes(random: Random, session: Lines) -> None:
    at = random.randrange(len(session))
    line = bytearray(session[at])
    for _ in range(random.randint(1, 5)):
        if line:
            line[random.randrange(len(line))] = random.randrange(256)
    session[at] = bytes(line)


def _cut(random: Random, session: Lines) -> None:
    at = random.randrange(len(session))
    session[at] = session[at][: random.randint(0, len(session[at]))]


def _argument(random: Random, session: Lines) -> None:
    envelope = [at for at, line in enumerate(session) if line.startswith((b"MAIL", b"RCPT"))]
    if envelope:
        at = random.choice(envelope)
        session[at] = session[at].replace(b"\r\n", b" " + random.choice(ARGUMENTS) + b"\r\n", 1)


WAYS: tuple[Callable[[Random, Lines], None], ...] = (
    *(_drop, _repeat, _swap, _insert_command, _insert_garbage, _line_ends, _dots, _bytes, _cut, _argument),
)
