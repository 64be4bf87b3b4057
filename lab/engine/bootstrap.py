"""Makes the base image from the machine's own Debian mirror, with mmdebstrap.

In: the mirrors in the machine's apt sources. Out: an image under the tag of the registry's, whose own apt
sources are those mirrors, so that `docker build` installs from them too. A failed or interrupted attempt
leaves no image and no file; what a killed one left is removed by the next.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from lab.engine import apt
from lab.engine.explain import explain
from lab.engine.machine import Machine, allow
from lab.errors import MachineError

TIMEOUT = 900.0  # seconds for mmdebstrap; it takes ten with a near mirror
FOLDER = "/var/cache"  # on a disk: /tmp may be in memory, or forbid the device files of a system
PREFIX = "mail-lab-base-"
SLIM = (  # what the registry's slim image leaves out too: the lab's images must not come to need it
    "path-exclude=/usr/share/doc/*",
    "path-include=/usr/share/doc/*/copyright",
    "path-exclude=/usr/share/info/*",
    "path-exclude=/usr/share/lintian/*",
    "path-exclude=/usr/share/locale/*",
    "path-include=/usr/share/locale/locale.alias",
    "path-exclude=/usr/share/man/*",
)


def make(machine: Machine, report: Callable[[str], None], image: str, unreachable: MachineError) -> None:
    """Make *image*, which is *unreachable* at its registry.

    Raises MachineError: that, and why it cannot be made here either, or what went wrong in making it.
    """
    if not machine.root:
        raise _impossible(unreachable, "only root can make it here")
    if machine.which("mmdebstrap") is None:
        allow(machine, _impossible(unreachable, "mmdebstrap, which could make it here, is missing"))
        report("installing mmdebstrap from this machine's package mirror")
        apt.update(machine)
        apt.install(machine, "mmdebstrap")
    sources = _sources(machine)
    if not sources:
        raise _impossible(unreachable, "this machine's apt sources name no Debian mirror to make it from")
    report(f"no registry is reached: making {image} from this machine's Debian mirror, {sources[0].uri}")
    _clear(machine)
    try:
        _make(machine, sources, image)
    finally:
        _clear(machine)  # a killed attempt's mmdebstrap may have gone on for a while


def _make(machine: Machine, sources: list[apt.Source], image: str) -> None:
    with tempfile.TemporaryDirectory(prefix=PREFIX, dir=machine.path(FOLDER)) as name:
        folder = Path(name)
        folder.chmod(0o755)  # apt's own user fetches into a folder inside
        archive = _system(machine, sources, folder)
        # the registry's image has the same command
        result = machine.run("docker", "import", "--change", 'CMD ["bash"]', str(archive), image, timeout=TIMEOUT)
        if result.code != 0:
            raise explain(result.stderr)


def _sources(machine: Machine) -> list[apt.Source]:
    found = apt.sources(machine)
    if not found:  # a machine that is itself made from an image has no package lists
        apt.update(machine)
        found = apt.sources(machine)
    return found


def _system(machine: Machine, sources: list[apt.Source], folder: Path) -> Path:
    """Make the system in an archive below *folder*; returns the archive. Raises MachineError."""
    archive, list_file = folder / "system.tar", folder / "sources.list"
    list_file.write_text("".join(f"{source.line()}\n" for source in sources), encoding="utf-8")
    command = ["mmdebstrap", "--variant=minbase", *(f"--dpkgopt={option}" for option in SLIM)]
    # in its folder of ours mmdebstrap works, too: what it leaves when it is killed is ours to remove
    result = machine.run(
        *command, apt.SUITE, str(archive), str(list_file), timeout=TIMEOUT, variables={"TMPDIR": str(folder)}
    )
    if result.code != 0:
        raise (
            explain(result.stderr)
            if "No space left" in result.stderr
            else MachineError(
                f"mmdebstrap failed; its last lines:\n{result.last_lines}",
                hint="mend what it says (the network, a source in /etc/apt), then try again",
            )
        )
    return archive


def _clear(machine: Machine) -> None:
    """Remove what a killed attempt left."""
    for left in machine.path(FOLDER).glob(f"{PREFIX}*"):
        shutil.rmtree(left, ignore_errors=True)


def _impossible(unreachable: MachineError, why: str) -> MachineError:
    return MachineError(f"{unreachable.args[0]}; {why}", hint=unreachable.hint)
