"""The kinds of DNS faults, one module each; the line in KINDS is a kind's registration."""

from __future__ import annotations

from dnszone.check import Checker
from dnszone.faults.ad import AdFault
from dnszone.faults.delay import DelayFault
from dnszone.faults.drop import DropFault
from dnszone.faults.fault import Fault
from dnszone.faults.flap import FlapFault
from dnszone.faults.lame import LameFault
from dnszone.faults.malformed import MalformedFault
from dnszone.faults.no_question import NoQuestionFault
from dnszone.faults.order import OrderFault
from dnszone.faults.rcode import RcodeFault
from dnszone.faults.tcp_closed import TcpClosedFault
from dnszone.faults.truncate import TruncateFault
from dnszone.faults.ttl import TtlFault
from dnszone.faults.view import ViewFault
from dnszone.faults.wrong_id import WrongIdFault
from dnszone.faults.wrong_question import WrongQuestionFault

KINDS: dict[str, type[Fault]] = {
    "rcode": RcodeFault,
    "drop": DropFault,
    "delay": DelayFault,
    "truncate": TruncateFault,
    "tcp-closed": TcpClosedFault,
    "lame": LameFault,
    "wrong-id": WrongIdFault,
    "wrong-question": WrongQuestionFault,
    "no-question": NoQuestionFault,
    "malformed": MalformedFault,
    "order": OrderFault,
    "ttl": TtlFault,
    "ad": AdFault,
    "flap": FlapFault,
    "view": ViewFault,
}


def read(checker: Checker) -> Fault | None:
    """Read a fault: its ``kind``, and that kind's parameters. What is wrong is noted in *checker*."""
    kind = checker.choice("kind", KINDS)
    if kind is None:
        checker.ignore_unknown()  # nobody can tell which parameters are right
        return None
    return KINDS[kind].read(checker)
