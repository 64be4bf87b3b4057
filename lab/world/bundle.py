"""Where the files are that a lab is made from: compose/ and dnszone/, in a checkout or inside the installed package."""

from __future__ import annotations

import hashlib
from pathlib import Path

PACKAGE = Path(__file__).parents[1]


def root() -> Path:
    """Return the folder that has compose/ and dnszone/ side by side, as compose.yaml expects them."""
    installed = PACKAGE / "_bundle"
    return installed if installed.is_dir() else PACKAGE.parent


def compose_folder() -> Path:
    """Return the folder with compose.yaml and one folder for each image."""
    return root() / "compose"


def zone_folder() -> Path:
    """Return the folder with the world's zone files."""
    return root() / "dnszone" / "zones"


def tag() -> str:
    """Return the images' tag: a hash of everything that is built into them, so that a change builds anew."""
    digest = hashlib.sha256()
    for path in sorted(_sources()):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(root())} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()[:12]


def _sources() -> list[Path]:
    found = [*compose_folder().rglob("*"), *(root() / "dnszone").rglob("*")]
    runtime = {compose_folder() / "compose.yaml"}  # read at every start, built into no image
    return [path for path in found if path.is_file() and "__pycache__" not in path.parts and path not in runtime]
