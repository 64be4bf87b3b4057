"""Mutated questions to the policy service (SMTPD_POLICY_README): name=value lines, and an empty one."""

from __future__ import annotations

from collections.abc import Iterator

from . import randoms, spoiled

QUESTION = {
    "request": "smtpd_access_policy",
    "protocol_state": "RCPT",
    "helo_name": "client.home.test",
    "sender": "ana@home.test",
    "recipient": "bia@dest.test",
    "client_address": "198.18.0.22",
    "server_address": "198.18.0.12",
    "queue_id": "4jYspV1QTjzDZsK",
}
WORDS = (
    *(
        "",
        "=",
        "a=b",
        "\u2028server_address=198.18.0.11",
        "\x85",
        "\r",
        "\x0b",
        "\x1c",
        "\0",
        "x" * 3000,
        "[*",
        "*",
        "[",
    ),
    *("é", "\x1b]0;x\x07", "action=OK", "\u202e"),
)


def mutations(seed: int, count: int) -> Iterator[bytes]:
    """Yield *count* conversations, of one to three questions each."""
    for random in randoms(seed, count):
        whole = b""
        for _ in range(random.randint(1, 3)):
            question = dict(QUESTION)
            for _ in range(random.randint(0, 3)):
                question[random.choice(list(question))] += random.choice(WORDS)
            whole += "".join(f"{name}={value}\n" for name, value in question.items()).encode() + b"\n"
        yield whole if random.random() < 0.3 else spoiled(random, whole)
