"""The fake DNS beside NSD, the authoritative server of Debian: the same zones, the same questions, byte by byte.

NSD is an authoritative server and no more, while the lab's DNS stands in for a resolver as well; what follows from
that, and everything else that is not alike, stands in EXPLAINED. A difference that is not there fails, and so does one
there that is none any more.
"""

from __future__ import annotations

import io
import json
import re
import struct
import tarfile
import time
from collections.abc import Iterator, Mapping, Sequence

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
from dns.rrset import RRset

from dnszone.history import History
from dnszone.log import Log
from dnszone.masterfile import read
from dnszone.responder import Responder
from dnszone.rules import Rules
from dnszone.zone import Zone
from dnszone.zones import Zones
from lab import Lab
from lab.engine.hosts import LABEL

DOCKERFILE = """\
FROM debian:trixie-slim
RUN apt-get update && apt-get install -y --no-install-recommends nsd python3 && rm -rf /var/lib/apt/lists/*
"""
PORT = 5300
CONF = f"""\
server:
  ip-address: 127.0.0.1@{PORT}
  zonesdir: /srv
  username: ""
  pidfile: ""
  zonelistfile: ""
  xfrdfile: ""
  minimal-responses: no
  refuse-any: no
  rrl-ratelimit: 0
remote-control:
  control-enable: no
"""
ASK = f"""\
import json, socket, sys, time
deadline = time.monotonic() + 20
while True:
    try:
        socket.create_connection(("127.0.0.1", {PORT}), 5).close()
        break
    except OSError:
        if time.monotonic() > deadline:
            sys.exit("NSD does not listen")
        time.sleep(0.05)
answers = []
for packet in json.load(open("/srv/questions")):
    with socket.create_connection(("127.0.0.1", {PORT}), 5) as client, client.makefile("rb") as stream:
        packet = bytes.fromhex(packet)
        client.sendall(len(packet).to_bytes(2, "big") + packet)
        client.settimeout(2)
        try:
            answers.append(stream.read(int.from_bytes(stream.read(2), "big")).hex())
        except (TimeoutError, ConnectionError):  # NSD drops what it cannot read
            answers.append("")
print(json.dumps(answers))
"""

LONG = ".".join(["x" * 63] * 3)
CHAIN = "\n".join(f"c{number} CNAME c{number + 1}" for number in range(1, 15))
TEXTS = {
    "test.": "@ TXT top",
    "b.test.": "@ MX 10 mx\nmx A 198.18.99.9\ninto CNAME mx1.a.test.\nns A 198.18.99.8",
    "a.test.": f"""
$TTL 60
@                  SOA ns hostmaster 7 3600 600 86400 30
@                  NS  ns
@                  MX  10 mx1
@                  MX  20 mx2
@                  TXT "v=spf1 -all"
@                  CAA 0 issue "ca.test"
ns                 A   198.18.99.1
mx1                A   198.18.99.2
mx1                AAAA fd00::2
mx2            300 A   198.18.99.3
null               MX  0 .
_25._tcp.mx1       TLSA 3 1 1 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff
_smtp._tcp         SRV 0 5 25 mx1
info               HINFO "cpu" "os"
odd                TYPE65280 \\# 3 abcdef
ptr                PTR mx1
long               TXT "{"a" * 255}" "{"b" * 255}" "{"c" * 100}"
*.wild             MX  5 mx2
*.wild             TXT any
host.wild          A   198.18.99.4
*.aliases          CNAME mx1
sub.*.deep         A   198.18.99.5
empty.non.terminal A   198.18.99.6
alias              CNAME mx1
ALIAS2             CNAME Alias
dangling           CNAME missing
outside            CNAME www.example.com.
across             CNAME mx.b.test.
loop1              CNAME loop2
loop2              CNAME loop1
{CHAIN}
c15                A   198.18.99.7
child              NS  ns.child
child              NS  ns.b.test.
child              DS  1 8 2 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff
ns.child           A   198.18.99.8
old                DNAME new
host.new           A   198.18.99.10
far                DNAME b.test.
too-long           DNAME {LONG}
\\228\\246           A   198.18.99.11
a\\.b               A   198.18.99.12
""",
}
NAMES = r"""
a.test. b.test. test. mx1.a.test. MX2.A.test. null.a.test. _25._tcp.mx1.a.test. _smtp._tcp.a.test. _tcp.a.test.
info.a.test. odd.a.test. ptr.a.test. long.a.test. x.wild.a.test. x.y.wild.a.test. wild.a.test. *.wild.a.test.
host.wild.a.test. x.host.wild.a.test. x.aliases.a.test. sub.x.deep.a.test. x.deep.a.test. terminal.a.test.
x.terminal.a.test. alias.a.test. alias2.a.test. dangling.a.test. outside.a.test. across.a.test. into.b.test.
loop1.a.test. c1.a.test. c3.a.test. c4.a.test. c5.a.test. child.a.test. x.child.a.test. ns.child.a.test. old.a.test.
host.old.a.test. no.old.a.test. mx.far.a.test. missing.a.test. missing.test. x.missing.test. mx1.b.test.
a.b.c.d.a.test. www.example.com. com. . \228\246.a.test. \228.a.test. a\.b.a.test. y.too-long.a.test.
yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy.too-long.a.test.
"""
TYPES = ("A", "AAAA", "MX", "TXT", "NS", "SOA", "CNAME", "DNAME", "SRV", "DS", "CAA", "TLSA", "PTR", "ANY")

OPT = b"\0" + struct.pack("!HHIH", 41, 1232, 0, 0)
ASKED = b"\3mx1\1a\4test\0" + b"\0\1\0\1"
PACKETS = {  # name: flags, counts, what follows the header
    "plain": (0x0100, (1, 0, 0, 0), ASKED),
    "no RD": (0, (1, 0, 0, 0), ASKED),
    "every reserved bit": (0x01F0, (1, 0, 0, 0), ASKED),
    "EDNS": (0x0100, (1, 0, 0, 1), ASKED + OPT),
    "EDNS with DO": (0x0100, (1, 0, 0, 1), ASKED + b"\0" + struct.pack("!HHIH", 41, 1232, 0x8000, 0)),
    "EDNS with an unknown option": (0x0100, (1, 0, 0, 1), ASKED + OPT[:-1] + b"\6\xff\xf0\0\2xx"),
    "EDNS with an option that is cut off": (0x0100, (1, 0, 0, 1), ASKED + OPT[:-1] + b"\3\0\0\0"),
    "EDNS version 1": (0x0100, (1, 0, 0, 1), ASKED + b"\0" + struct.pack("!HHIH", 41, 1232, 0x10000, 0)),
    "two OPT records": (0x0100, (1, 0, 0, 2), ASKED + OPT + OPT),
    "OPT as an answer": (0x0100, (1, 1, 0, 0), ASKED + OPT),
    "OPT as authority": (0x0100, (1, 0, 1, 0), ASKED + OPT),
    "OPT with an owner": (0x0100, (1, 0, 0, 1), ASKED + b"\1x" + OPT),
    "OPT that is asked for": (0x0100, (1, 0, 0, 0), ASKED[:-4] + b"\0\x29\0\1"),
    "no question": (0x0100, (0, 0, 0, 0), b""),
    "two questions": (0x0100, (2, 0, 0, 0), ASKED + ASKED),
    "a question that is cut off": (0x0100, (1, 0, 0, 0), ASKED[:-3]),
    "a name that is cut off": (0x0100, (1, 0, 0, 0), ASKED[:4]),
    "a pointer to itself": (0x0100, (1, 0, 0, 0), b"\xc0\x0c\0\1\0\1"),
    "a label of an unknown type": (0x0100, (1, 0, 0, 0), b"\x41a\0\0\1\0\1"),
    "a name of 256 bytes": (0x0100, (1, 0, 0, 0), (b"\x3f" + b"a" * 63) * 3 + b"\x3e" + b"a" * 62 + b"\0\0\1\0\1"),
    "class CH": (0x0100, (1, 0, 0, 0), ASKED[:-1] + b"\3"),
    "class ANY": (0x0100, (1, 0, 0, 0), ASKED[:-1] + b"\xff"),
    "a type of the future": (0x0100, (1, 0, 0, 0), ASKED[:-4] + b"\xff\x01\0\1"),
    "opcode IQUERY": (0x0900, (1, 0, 0, 0), ASKED),
    "opcode STATUS": (0x1100, (1, 0, 0, 0), ASKED),
    "opcode 3": (0x1900, (1, 0, 0, 0), ASKED),
    "AXFR": (0x0100, (1, 0, 0, 0), b"\1a\4test\0\0\xfc\0\1"),
    "a record that is cut off": (0x0100, (1, 0, 0, 1), ASKED + b"\0\0\1\0\1"),
    "bytes at the end": (0x0100, (1, 0, 0, 0), ASKED + b"xyz"),
}
EXPLAINED = {  # why, and a pattern for the names of the questions
    "NSD takes class ANY for IN": "class ANY",
    "more than eleven aliases: SERVFAIL, as with BIND 9.20": r"c[1-3]\.a\.test\. (?!CNAME|ANY).*",
    "there are no delegations between the lab's zones, so that each answers for its own DS": r"[ab]\.test\. DS",
    "NSD answers ANY with one set of records (RFC 8482), the lab with all of them": r"(?!\. ).* ANY",
    "NSD has no root; the lab says who serves it, as root hints do": r"\. .*",
    "OPT is no data of a name: FORMERR, as with BIND": "OPT that is asked for",
    "NSD says nothing to what it cannot read at all": "no question|a name that is cut off",
}


def packet(flags: int, counts: Sequence[int], rest: bytes) -> bytes:
    return struct.pack("!6H", 0x4242, flags, *counts) + rest


def questions() -> Iterator[tuple[str, bytes]]:
    """Yield everything that is asked, with what to call it."""
    for name in NAMES.split():
        for type in TYPES:
            query = dns.message.make_query(name, type, id=0x4242)
            yield f"{name} {type}", query.to_wire()
    for name, each in PACKETS.items():
        yield name, packet(*each)


def nsd(lab: Lab, asked: Sequence[bytes]) -> list[bytes]:
    """Return what NSD answers over TCP, in a container that has no network; empty where it says nothing."""
    docker = lab.docker
    image, _ = docker.images.build(fileobj=io.BytesIO(DOCKERFILE.encode()), tag="mail-lab/nsd", rm=True)
    files = {f"{origin}zone": zone.text for origin, zone in zones().items()}
    clauses = [f'zone:\n  name: "{origin}"\n  zonefile: "{origin}zone"\n' for origin in TEXTS]
    files |= {"nsd.conf": CONF + "".join(clauses), "ask.py": ASK}
    files |= {"questions": json.dumps([each.hex() for each in asked])}
    container = docker.containers.create(
        image, ["nsd", "-d", "-c", "/srv/nsd.conf"], network_mode="none", labels={LABEL: lab.name}
    )
    try:
        container.put_archive("/srv", packed(files))
        container.start()
        ran = lab.engine.execute(str(container.id), ["python3", "/srv/ask.py"])
        assert ran.exit_code == 0, (ran.said, container.logs())
    finally:
        container.remove(force=True)
    return [bytes.fromhex(each) for each in json.loads(ran.output)]


def packed(files: Mapping[str, str]) -> bytes:
    """Return files as a tar archive."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mtime = (
                len(text.encode()),
                int(time.time()),
            )  # NSD passes over a zone that is older than 1970
            archive.addfile(entry, io.BytesIO(text.encode()))
    return buffer.getvalue()


def zones() -> dict[str, Zone]:
    return {origin: read(text, origin) for origin, text in TEXTS.items()}


def ours(asked: Sequence[bytes]) -> list[bytes]:
    """Return what the lab's DNS answers."""
    responder = Responder(Zones(zones().values()), Rules(), History(), Log(io.BytesIO()))
    return [responder.reply(each, "127.0.0.1", 53, "tcp").message or b"" for each in asked]


def told(wire: bytes) -> str:
    """Return what an answer says, in a form that two servers can be compared by: without RA, and without courtesies."""
    if not wire:
        return "nothing"
    code = dns.rcode.to_text(dns.rcode.Rcode(wire[3] & 15))
    if wire[4:6] == b"\0\0":  # without its question
        return code
    message = dns.message.from_wire(wire, ignore_trailing=True)
    flags = [
        name for name, bit in (("aa", dns.flags.AA), ("tc", dns.flags.TC), ("rd", dns.flags.RD)) if message.flags & bit
    ]
    records = [f"an {line}" for line in lines(message.answer)]
    aliases = {dns.rdatatype.CNAME, dns.rdatatype.DNAME} - {message.question[0].rdtype}
    if all(rrset.rdtype in aliases for rrset in message.answer):  # negative, or a referral
        records += [f"au {line}" for line in lines(message.authority)]
        records += [f"ad {line}" for line in lines(message.additional)]
    edns = "" if message.edns < 0 else f" edns {message.edns}{' do' if message.ednsflags & dns.flags.DO else ''}"
    return "\n".join([f"{dns.rcode.to_text(message.rcode())} {' '.join(flags)}{edns}", *records])


def lines(section: Sequence[RRset]) -> list[str]:
    return sorted(line.lower() for rrset in section for line in rrset.to_text().splitlines())


def test_every_answer_is_that_of_nsd_or_explained(lab: Lab) -> None:
    asked = dict(questions())
    assert len(asked) > 200
    packets = list(asked.values())
    alike, unexplained = 0, []
    used = set()
    for name, theirs, mine in zip(asked, map(told, nsd(lab, packets)), map(told, ours(packets)), strict=True):
        why = next((each for each, pattern in EXPLAINED.items() if re.fullmatch(pattern, name)), None)
        if theirs == mine:
            alike += 1
        elif why is None:
            unexplained.append(f"{name}\n  NSD: {indented(theirs)}\n  lab: {indented(mine)}")
        else:
            used.add(why)
    assert not unexplained, f"{len(unexplained)} answers are not NSD's:\n" + "\n".join(unexplained)
    assert set(EXPLAINED) == used, "these differences are none any more"
    print(f"{alike} of {len(asked)} answers are NSD's, {len(asked) - alike} differ as explained")


def indented(text: str) -> str:
    return text.replace("\n", "\n       ")
