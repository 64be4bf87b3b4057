"""The world's zone files, dnszone/zones/*.zone, read as the DNS host reads them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dnszone.masterfile import read
from dnszone.problem import InvalidError
from dnszone.zone import Zone
from lab.errors import LabError
from lab.world import bundle


def origins() -> tuple[str, ...]:
    """Return the names of the world's zones, without their final dots."""
    return tuple(sorted(path.stem for path in bundle.zone_folder().glob("*.zone")))


def world_zones(addresses: Mapping[str, str]) -> list[Zone]:
    """Return the world's zones. *addresses* has the variables. Raises LabError with every mistake of every file."""
    problems: list[str] = []
    zones = list(_zones(addresses, problems))
    if problems:
        raise LabError("\n".join(problems), hint="mend the zone file; the DNS refuses it as a whole")
    if not zones:
        raise LabError(f"there is no zone file in {bundle.zone_folder()}", hint="restore the folder")
    return zones


def _zones(addresses: Mapping[str, str], problems: list[str]) -> Iterator[Zone]:
    for path in sorted(bundle.zone_folder().glob("*.zone")):
        try:
            yield read(path.read_text("utf-8"), path.stem, variables=addresses, file=str(path))
        except InvalidError as error:
            problems += map(str, error.problems)
        except (OSError, UnicodeDecodeError) as error:
            problems.append(f"{path}: {error}")
