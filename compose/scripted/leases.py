"""Who owns which place of the host: an IPv4 address and, where the lab has IPv6, the IPv6 address that goes with it."""

from __future__ import annotations

from collections import deque
from ipaddress import IPv4Address, IPv4Network, IPv6Address, ip_address

from scripted.problem import RefusedError


class Places:
    """The addresses of the host, in pairs. The IPv4 address is the name of a pair."""

    def __init__(self, network: IPv4Network, net6: str | None = None) -> None:
        """*network* has the IPv4 addresses; its first and last may be a subnet's own.

        *net6* has the first four groups of the IPv6 addresses ("2001:2:0:0"): 198.18.0.129 goes with 2001:2::129.
        None: there is no IPv6.
        """
        self._pairs = {str(each): _beside(each, net6) for each in network.hosts()}
        self._names = {address6: address for address, address6 in self._pairs.items() if address6}

    def name(self, address: str) -> str:
        """Return the IPv4 address of the pair that *address* is one of; what is no address of a pair stays."""
        try:
            usual = str(ip_address(address))
        except ValueError:
            return address
        return self._names.get(usual, usual)

    def address6(self, name: str) -> str | None:
        """Return the IPv6 address of a pair."""
        return self._pairs.get(name)

    def all(self) -> list[str]:
        """Return the names of all pairs."""
        return list(self._pairs)

    def all6(self) -> list[str]:
        """Return every IPv6 address."""
        return list(self._names)


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
            known = "is not leased" if name in self._free else "is no address of this host"
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


def _beside(address: IPv4Address, net6: str | None) -> str | None:
    """Return the IPv6 address whose last group has the digits of the IPv4 address's last octet."""
    return None if net6 is None else str(IPv6Address(f"{net6}::{address.packed[-1]}"))
