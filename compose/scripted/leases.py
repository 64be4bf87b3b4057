"""Who owns which place of the host."""

from __future__ import annotations

from collections import deque

from dnszone.problem import RefusedError
from scripted.places import Places


class Leases:
    """The places of the host, each leased to at most one owner. An address of either family stands for its place."""

    def __init__(self, places: Places) -> None:
        """All are free."""
        # A queue: an address that was given back waits until all others had their turn, so that late
        # connections of an old run do not come to a new one.
        self._free = deque(places.all())
        self._places = places
        self._owners: dict[str, str] = {}

    def take(self, owner: str, count: int) -> list[str]:
        """Lease *count* places, all or none, and return their names; RefusedError if there are not so many."""
        if count > len(self._free):
            raise RefusedError(
                409,
                f"{count} addresses were asked for, {len(self._free)} are free of {len(self)}",
                "GET /leases tells who holds them; DELETE /owners/OWNER gives back all of an owner",
            )
        names = [self._free.popleft() for _ in range(count)]
        self._owners.update(dict.fromkeys(names, owner))
        return names

    def give_back(self, address: str) -> None:
        """End the lease of a place; RefusedError if there is none."""
        name = self.leased(address)
        del self._owners[name]
        self._free.append(name)

    def leased(self, address: str) -> str:
        """Return the name of the place that *address* stands for; RefusedError where it is leased by nobody."""
        name = self._places.name(address)
        if name not in self._owners:
            known = "is not leased" if name in self._free else "is not an address of this host"
            raise RefusedError(404, f"{address} {known}", "POST /leases leases addresses, GET /leases shows them")
        return name

    def of(self, owner: str) -> list[str]:
        """Return the names of an owner's places."""
        return [name for name, holder in self._owners.items() if holder == owner]

    def all(self) -> dict[str, str]:
        """Return the name of every leased place, and its owner."""
        return dict(self._owners)

    def __len__(self) -> int:
        """Return how many places there are, leased or free."""
        return len(self._free) + len(self._owners)
