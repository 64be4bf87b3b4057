"""Exit codes of `lab`."""

from __future__ import annotations

OK = 0
NO = 1
USAGE = 2
DOWN = 3
MACHINE = 4
INTERRUPTED = 130  # 128 + SIGINT, as a shell has it

MEANINGS = {
    OK: "fine",
    NO: "the answer is no: not delivered, not ready, no such record",
    USAGE: "bad usage or bad input",
    DOWN: "the lab is not up",
    MACHINE: "Docker, the machine or a host that does not answer is in the way",
    INTERRUPTED: "interrupted (Ctrl-C)",
}
