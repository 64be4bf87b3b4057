"""How many messages a soak gets through, under how many faults, and what became of them. Measured, never asserted."""

from __future__ import annotations

import pytest

from lab import Lab
from lab.soak import campaign, soak

from .machine import show

MESSAGES, SEED = 300, 8


@pytest.mark.timeout(900)
def test_soak(lab: Lab) -> None:
    account = soak(lab, campaign(MESSAGES, SEED), SEED, 60, lambda _: None)
    show(
        f"soak: {account.messages} messages, {len(account.recipients)} recipients, {len(account.faults)} faults",
        f"{account.messages / account.seconds:.1f} messages a second, waiting for faults to bite included",
        *(f"{count:>6} {kind} {how}" for kind, how, count in account.table()),
    )
