"""What the command line has made wrong and not taken back: it outlives the command that set it.

The record is one file of the lab's state, which `lab down` removes. A host fault is noted there before it is applied,
so that one of a command that was killed half-way is listed, and healed, like any other. Faults of the DNS and rules of
the policy service are kept by their servers; the record knows since when. Whoever changes it holds
:func:`lab.state.machine_lock.alone`.

In: the lab's name, and sites. Out: :class:`Standing` values. Errors: LabError when the file cannot be read or written,
or when a host cannot be made wrong or does not come back.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from lab.errors import LabError
from lab.faults import keys
from lab.faults.keys import Whole
from lab.faults.kinds import KINDS
from lab.faults.kinds.site import Site
from lab.route.model import stamp
from lab.state.lease import standing_file


@dataclass(frozen=True, slots=True)
class Standing:
    """One fault. ``wrong`` is the table it was set by (:mod:`lab.faults.reader`); ``since``: RFC 3339, UTC."""

    id: str  # "h1" at a host; what the servers call theirs: "f1" the DNS, "P1" the policy service
    where: str
    wrong: dict[str, Any]
    since: str

    @property
    def kind(self) -> str | None:
        """The kind of :mod:`lab.faults.kinds` that it is; None where a server keeps it."""
        if not self.id.startswith("h"):
            return None
        ((key, value),) = self.wrong.items()
        return keys.read(key, value).fault.kind


def read(name: str) -> list[Standing]:
    """Return what is in the record of the lab *name*, in the order in which it was set."""
    path = standing_file(name)
    try:
        return [Standing(**each) for each in json.loads(path.read_text(encoding="utf-8"))]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError) as error:
        raise LabError(f"cannot read {path}: {error}", hint="`lab down` removes it with the lab") from error


def note(name: str, id_: str, where: str, wrong: Mapping[str, Any]) -> Standing:
    """Note that *wrong* stands at *where* from now on."""
    entry = Standing(id_, where, dict(wrong), stamp(datetime.now(UTC)))
    _write(name, [*(each for each in read(name) if each.id != id_), entry])
    return entry


def drop(name: str, *ids: str) -> None:
    """Take faults out of the record."""
    _write(name, [each for each in read(name) if each.id not in ids])


def set_at(name: str, site: Site, wrong: Whole) -> Standing:
    """Make one thing wrong at a host, and leave it so."""
    found = read(name)
    taken = {each.id for each in found}
    number = next(number for number in range(1, len(found) + 2) if f"h{number}" not in taken)
    entry = note(name, f"h{number}", site.host.name, wrong.given)
    try:
        wrong.fault.apply(site)
    except BaseException:
        wrong.fault.heal(site)
        drop(name, entry.id)
        raise
    return entry


def heal(name: str, site: Site, entry: Standing) -> None:
    """Put a host right. A fault whose healing fails stays in the record, so that it can be tried again."""
    if entry.kind is not None:
        KINDS[entry.kind].heal(site)
    drop(name, entry.id)


def _write(name: str, entries: list[Standing]) -> None:
    """Replace the record at one stroke: who reads it meanwhile sees the old or the new one."""
    path = standing_file(name)
    new = path.with_suffix(".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with new.open("w", encoding="utf-8") as file:
            json.dump([asdict(each) for each in entries], file)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except OSError as error:
        raise LabError(
            f"cannot note what stands in {path}: {error.strerror}",
            hint="make room, or set XDG_STATE_HOME to a folder that can be written",
        ) from error
