"""What the log of one queue file says of each recipient of its message, and who is meant by the name of one."""

from __future__ import annotations

from collections.abc import Collection

from lab.route.events import Delivery, NotificationSent
from lab.route.model import Attempt
from lab.route.queuefile import QueueFile

Key = tuple[str, str | None]  # recipient, and the recipient before aliases where it differs


class Recipients:
    """What the log of one queue file says of each of its recipients."""

    def __init__(self, file: QueueFile, tried: dict[Key, list[Attempt]]) -> None:
        self.deliveries = file.deliveries()
        self.tried = tried
        self.unread = file.unread()
        self.notices = list(file.of(NotificationSent))
        self.position = {id(event): index for index, event in enumerate(file.events)}
        self.kept = any(tries[-1].status == "deferred" for tries in self.deliveries.values())
        self._keys: dict[str, list[Key]] = {}  # by the name under which the message was handed over
        for recipient, original in self.deliveries:
            self._keys.setdefault((original or recipient).casefold(), []).append((recipient, original))
        self._together: dict[tuple[int, str | None, str], set[str]] = {}
        for (recipient, _), tries in self.deliveries.items():
            self._together.setdefault(transaction(tries[-1]), set()).add(recipient.casefold())

    def together(self, last: Delivery) -> set[str]:
        """Return the names of all recipients whose mail was handed over with that of *last*, in lower case."""
        return self._together[transaction(last)]

    def of(self, recipient: str | None, beside: Collection[str]) -> list[Key]:
        """Return the recipients that the host before called *recipient*; all of them for None.

        *beside*: all that it handed over at a time, in lower case.
        """
        if recipient is None:
            return list(self.deliveries)
        if len(self._keys) == 1:  # even under another name: canonical_maps, masquerade_domains, a milter
            return list(self.deliveries)
        found = self._keys.get(recipient.casefold(), [])
        if not found and [name for name in beside if name not in self._keys] == [recipient.casefold()]:
            found = [key for name, keys in self._keys.items() if name not in beside for key in keys]
        return found


def transaction(delivery: Delivery) -> tuple[int, str | None, str]:
    """Return what the lines of recipients have in common that were handed over in one."""
    return delivery.pid, delivery.relay, delivery.text
