"""Long queue ids of Postfix (enable_long_queue_ids): when the queue file was made (mail_queue.h). Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

DIGITS = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz"  # no vowels: no words
SECONDS, MICROSECONDS = 6, 4  # digits: at least six, exactly four
LONGEST = 20
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def made_at(queue_id: str) -> datetime | None:
    """Return the time in a long queue id: seconds, microseconds, "z", inode. None for a short one, which has none."""
    time, separator, inode = queue_id.rpartition("z")
    if not separator or not inode or not SECONDS + MICROSECONDS <= len(time) <= LONGEST or not set(time) <= set(DIGITS):
        return None
    seconds, micro = _number(time[:-MICROSECONDS]), _number(time[-MICROSECONDS:])
    try:
        return EPOCH + timedelta(seconds=seconds, microseconds=micro)
    except OverflowError:
        return None


def _number(digits: str) -> int:
    value = 0
    for digit in digits:
        value = value * len(DIGITS) + DIGITS.index(digit)
    return value
