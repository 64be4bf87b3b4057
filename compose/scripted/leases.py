"""Who owns which address of the host."""

from __future__ import annotations

from collections import deque
from ipaddress import IPv4Network

from scripted.problem import RefusedError


class Leases:
    """The addresses of a range, each leased to at most one owner."""

    def __init__(self, network: IPv4Network) -> None:
        """All host addresses of *network* are free; its first and last may be a subnet's own."""
        # A queue: an address that was given back waits until all others had their turn, so that late
        # connections of an old run do not come to a new one.
        self._free = deque(str(address) for address in network.hosts())
        self._owners: dict[str, str] = {}

    def take(self, owner: str, count: int) -> list[str]:
        """Lease *count* addresses, all or none; RefusedError if there are not so many."""
        if count > len(self._free):
            raise RefusedError(
                409,
                f"{count} addresses were asked for, {len(self._free)} are free of {len(self)}",
                "GET /leases tells who holds them; DELETE /owners/OWNER gives back all of an owner",
            )
        addresses = [self._free.popleft() for _ in range(count)]
        self._owners.update(dict.fromkeys(addresses, owner))
        return addresses

    def give_back(self, address: str) -> None:
        """End the lease of an address; RefusedError if there is none."""
        self.check(address)
        del self._owners[address]
        self._free.append(address)

    def check(self, address: str) -> None:
        """Raise RefusedError where *address* is leased by nobody."""
        if address not in self._owners:
            known = "is not leased" if address in self._free else "is no address of this host"
            raise RefusedError(404, f"{address} {known}", "POST /leases leases addresses, GET /leases shows them")

    def of(self, owner: str) -> list[str]:
        """Return the addresses of an owner."""
        return [address for address, holder in self._owners.items() if holder == owner]

    def all(self) -> dict[str, str]:
        """Return every leased address and its owner."""
        return dict(self._owners)

    def __len__(self) -> int:
        """Return how many addresses there are, leased or free."""
        return len(self._free) + len(self._owners)
