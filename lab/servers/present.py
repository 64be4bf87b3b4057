"""The hosts that a test has: those of the world, and those that it has brought along for now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lab.engine.hosts import Host


class Present(Mapping[str, Host]):
    """Each host by its lab name. ``world`` has the standing ones, ``brought`` those that the test has brought along.

    ``touched`` has the names of those at which something was made wrong as a whole, healed or not.
    """

    def __init__(self, world: Mapping[str, Host]) -> None:
        self.world = dict(world)
        self.brought: dict[str, Host] = {}
        self.touched: set[str] = set()

    def __getitem__(self, name: str) -> Host:
        return self.brought[name] if name in self.brought else self.world[name]

    def __iter__(self) -> Iterator[str]:
        return iter([*self.world, *self.brought])  # as they are now: another thread may bring one along

    def __len__(self) -> int:
        return len(self.world) + len(self.brought)

    @property
    def names(self) -> dict[str, str]:
        """Lab name of each host by address, of either family."""
        hosts = [*self.world.values(), *self.brought.values()]  # asked for with every plan, however many they are
        return {address: host.name for host in hosts for address in host.addresses}
