"""The images of the lab's hosts: built when the files that are built into them have changed, and removed.

Those of hosts that only tests bring along (:mod:`lab.world.extra`) are built when the first one is wanted.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from lab.engine.protocol import BusyError, GoneError
from lab.world import bundle

if TYPE_CHECKING:
    from lab.engine.protocol import Engine

SERVICES = {  # image to one of the services of compose.yaml that are made from it
    "mail-lab/dns": "dns",
    "mail-lab/gateway": "gateway",
    "mail-lab/mailstore": "mailstore",
    "mail-lab/scripted": "scripted",
    "mail-lab/mx": "mx1",
    "mail-lab/client": "client",
    "mail-lab/direct": "direct",
    "mail-lab/smarthost": "smarthost",
}
STEP = re.compile(r"#(?P<number>\d+) \[(?P<image>\S+) .*\] (?P<step>(?:RUN|COPY) [^&]{1,60})")
OUTPUT = re.compile(r"#(?P<number>\d+) (?P<text>.+)")


def absent(engine: Engine, services: Mapping[str, str]) -> list[str]:
    """Return those of *services* (image to service) of which there is no image with the tag of the present files."""
    tag = bundle.tag()
    there = set(engine.images("mail-lab/*"))
    return [service for image, service in services.items() if f"{image}:{tag}" not in there]


def build(
    engine: Engine,
    environment: Mapping[str, str],
    report: Callable[[str], None],
    services: Mapping[str, str] = SERVICES,
) -> None:
    """Build the images that are not there with the tag of the present files. *environment* is that of compose.yaml."""
    from lab.engine.explain import explain
    from lab.engine.image import base_image

    missing = absent(engine, services)
    if not missing:
        return
    base_image(engine, report)
    what = f"{len(missing)} images" if len(missing) > 1 else f"the image {missing[0]}"
    report(f"building {what} with the tag {bundle.tag()}; once, a minute or so")
    file = str(bundle.compose_folder() / "compose.yaml")
    output = []
    progress = Progress(report)
    with subprocess.Popen(
        [*engine.compose(report), "--file", file, "--progress", "plain", "build", *missing],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        for line in process.stdout or ():
            output.append(line)
            progress.read(line)
    if process.returncode != 0:
        raise explain("".join(output), hint="mend what it names under compose/ or dnszone/, then `lab up` again")


def remove(engine: Engine) -> None:
    """Remove every image of the lab that no container uses."""
    for name in engine.images("mail-lab/*"):
        with suppress(BusyError, GoneError):
            engine.remove_image(name)


class Progress:
    """Tells each step of a build that is done and not taken from the cache, in a line."""

    def __init__(self, report: Callable[[str], None]) -> None:
        self._report = report
        self._begun: dict[str, str] = {}  # number of a step to what it does, until something is known of it

    def read(self, line: str) -> None:
        """Take the next line of `docker compose --progress plain build`."""
        if step := STEP.match(line):
            self._begun[step["number"]] = f"  {step['image']}: {step['step'].strip()}"
        elif output := OUTPUT.match(line):
            told = self._begun.pop(output["number"], None)
            if told and output["text"] != "CACHED":
                self._report(told)
