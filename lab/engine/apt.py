"""Debian packages: from the machine's own apt sources, or Debian 13's from the mirror that they name.

What the sources are, apt itself says (`apt-get indextargets`), so both kinds of source files count. A
package of Debian 13 comes through apt with a private configuration: apt checks its signature with
Debian's keyring, and the machine's own lists and packages stay as they are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from lab.engine.machine import Machine, Result
from lab.errors import MachineError

SUITE = "trixie"  # Debian 13: what the lab's images are made from
TIMEOUT = 900.0  # seconds for one apt command; a slow mirror is slow for a hundred megabytes
QUIET = {"DEBIAN_FRONTEND": "noninteractive"}
WAIT = ("-o", "DPkg::Lock::Timeout=300")  # seconds; unattended-upgrades may have the lock
KEYRINGS = ("debian-archive-keyring.pgp", "debian-archive-keyring.gpg")
FORMAT = "$(ORIGIN)|$(REPO_URI)|$(CODENAME)"
POCKETS = ("", "updates", "security")  # bookworm, bookworm-updates, bookworm-security; no backports


@dataclass(frozen=True, slots=True)
class Source:
    """One line of a sources.list."""

    uri: str
    suite: str

    def line(self, keyring: Path | None = None) -> str:
        """Return the line, with the *keyring* that its signature must be of."""
        return f"deb {f'[signed-by={keyring}] ' if keyring else ''}{self.uri} {self.suite} main"


def update(machine: Machine) -> None:
    """Fetch the package lists. Raises MachineError."""
    _checked(machine.run("apt-get", "-q", "update", timeout=TIMEOUT), "apt-get update")


def install(machine: Machine, *packages: str) -> None:
    """Install *packages* and what they need. Raises MachineError."""
    command = ("apt-get", *WAIT, "-q", "-y", "--no-install-recommends", "install", *packages)
    # dpkg stopped half-way would refuse to go on before `dpkg --configure -a`
    result = machine.run(*command, timeout=TIMEOUT, variables=QUIET, whole=True)
    _checked(result, f"apt-get install {' '.join(packages)}")


def candidate(machine: Machine, package: str) -> str | None:
    """Return the version that `install` would bring, None when the sources do not have *package*."""
    policy = machine.run("apt-cache", "policy", package, timeout=60).stdout
    found = re.search(r"^  Candidate: (\S+)$", policy, re.MULTILINE)
    return found[1] if found and found[1] != "(none)" else None


def sources(machine: Machine) -> list[Source]:
    """Return Debian 13's sources at the mirrors of Debian that the machine's own sources name.

    There are none on another system, and none before the first `update`.
    """
    targets = machine.run("apt-get", "indextargets", "--format", FORMAT, "Created-By: Packages", timeout=60).stdout
    found: dict[Source, None] = {}
    for target in targets.splitlines():
        origin, uri, codename = target.split("|")
        pocket = codename.partition("-")[2]
        mirror = _mirror(machine, uri)
        if origin == "Debian" and pocket in POCKETS and mirror:
            found[Source(mirror, f"{SUITE}-{pocket}" if pocket else SUITE)] = None
    return list(found)


def unpack(machine: Machine, package: str, source: Source, folder: Path) -> Path:
    """Fetch *package* of Debian 13 from *source*, unpack it below *folder*, and return where.

    apt lets a user of its own fetch files (APT::Sandbox::User): *folder* must be open to others.
    Raises MachineError.
    """
    list_file, content = folder / "sources.list", folder / "content"
    keyring = next((path for name in KEYRINGS if (path := machine.path(f"/usr/share/keyrings/{name}")).exists()), None)
    if keyring is None:
        raise MachineError("Debian's keyring is missing", hint="apt-get install debian-archive-keyring")
    list_file.write_text(source.line(keyring) + "\n", encoding="utf-8")
    for each in ("state/lists/partial", "cache/archives/partial", "content"):
        (folder / each).mkdir(parents=True)
    private = [
        f"Dir::Etc::SourceList={list_file}",
        "Dir::Etc::SourceParts=/dev/null",
        "Dir::Etc::Preferences=/dev/null",
        "Dir::Etc::PreferencesParts=/dev/null",
        f"Dir::State={folder / 'state'}",
        f"Dir::Cache={folder / 'cache'}",
        "Acquire::Languages=none",
        "APT::Update::Error-Mode=any",  # else a mirror that cannot be reached is a warning only
    ]
    options = [part for each in private for part in ("-o", each)]
    for action in (["update"], ["download", package]):
        _checked(
            machine.run("apt-get", *options, "-q", *action, timeout=TIMEOUT, folder=folder),
            f"apt-get {' '.join(action)} from {source.uri} {source.suite}",
        )
    for archive in folder.glob(f"{package}_*.deb"):
        _checked(machine.run("dpkg", "-x", str(archive), str(content), timeout=60), f"dpkg -x {archive.name}")
    return content


def _mirror(machine: Machine, uri: str) -> str | None:
    """Return the mirror to write down for *uri*; None for one that a container could not reach.

    A cloud machine names a file with a list of mirrors (apt-transport-mirror(1)), which no container has.
    """
    if uri.startswith("mirror+file:"):
        file = machine.path(uri.removeprefix("mirror+file:").rstrip("/"))
        lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
        uri = next((line.split()[0] for line in lines if line.strip() and not line.startswith("#")), "")
    return uri if uri.startswith(("http://", "https://")) else None


def _checked(result: Result, what: str) -> None:
    if result.code != 0:
        raise MachineError(
            f"`{what}` failed; its last lines:\n{result.last_lines}",
            hint="mend what it says (the network, a source in /etc/apt, the disk), then try again",
        )
