"""The places of the host: an IPv4 address each and, where the lab has IPv6, the IPv6 address that goes with it."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_address


class Places:
    """The addresses of the host, in pairs. The IPv4 address is the name of a pair."""

    def __init__(self, network: IPv4Network, net6: IPv6Network | None = None) -> None:
        """*network* has the IPv4 addresses; its first and last may be a subnet's own.

        *net6* is the lab's IPv6 network, None where there is no IPv6.
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


def _beside(address: IPv4Address, net6: IPv6Network | None) -> str | None:
    """Return the IPv6 address whose last two groups have the digits of the IPv4 address's last two octets.

    198.18.8.1 goes with 2001:2::8:1.
    """
    third, fourth = address.packed[2:]
    return None if net6 is None else str(net6[int(f"{third}", 16) << 16 | int(f"{fourth}", 16)])
