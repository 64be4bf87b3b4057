"""Bad input and trouble around `lab up`: one clear error each, and a state that the next command repairs.

Done with a lab of its own, in a slot of its own; its images are those of the lab that is up.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lab import Lab
from lab.engine import netns
from lab.engine.hosts import LABEL, networks
from lab.engine.protocol import MACHINE
from lab.world import roster
from lab.world.slot import Slot

NAME, SLOT = "trouble", Slot(30)
ROOT = Path(__file__).parents[2]
Run = Callable[..., subprocess.CompletedProcess[str]]

pytestmark = pytest.mark.timeout(180)


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "lab", *arguments]


def environment(root: Path = ROOT, **more: str) -> dict[str, str]:
    ours = {"LAB": NAME, "LAB_SLOT": str(SLOT.number), "PYTHONPATH": str(root), "LAB_INSTALL_DOCKER": "0"}
    return {**os.environ, **ours, **more}


@pytest.fixture
def run(lab: Lab) -> Iterator[Run]:
    """Return a function that runs `lab ...` on the lab of this module; the lab is gone before and after."""

    def go(*arguments: str, root: Path = ROOT, **more: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            command(*arguments), env=environment(root, **more), cwd=root, capture_output=True, text=True, check=False
        )
        assert "Traceback" not in done.stdout + done.stderr
        return done

    go("down")
    yield go
    go("down")
    assert left(lab) == []


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a copy of the project whose files a test may break."""
    for folder in ("lab", "compose", "dnszone"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__", "_bundle"))
    return tmp_path


def left(lab: Lab) -> list[str]:
    """Return every container, network and volume that this module's lab has, and its table in the firewall."""
    label = {"label": f"{LABEL}={NAME}"}
    api = lab.docker.api
    containers = [each["Names"][0] for each in api.containers(all=True, filters=label)]
    bridges = [each["Name"] for each in api.networks(filters=label)]
    project = {"label": f"com.docker.compose.project=mail-lab-{NAME}"}
    volumes = [each["Name"] for each in api.volumes(filters=project)["Volumes"] or ()]
    tables = netns.run(lab.engine, lab.name, lab.hosts["scripted"].image, MACHINE, "nft", "list", "tables")
    return [
        *containers,
        *bridges,
        *volumes,
        *(each for each in tables.splitlines() if each.endswith(f"mail-lab-{NAME}")),
    ]


def test_port_taken(lab: Lab, run: Run) -> None:
    port = SLOT.published(2511)
    with socket.create_server(("127.0.0.1", port)):
        failed = run("up")
    assert failed.returncode == 4
    assert f"taken on 127.0.0.1: port {port}" in failed.stderr
    assert "LAB_SLOT" in failed.stderr
    assert left(lab) == []


def test_subnet_taken_then_free(lab: Lab, run: Run) -> None:
    from docker.types import IPAMConfig, IPAMPool

    pool = IPAMPool(str(SLOT.subnet))
    network = lab.docker.networks.create("mail-lab-in-the-way", ipam=IPAMConfig(pool_configs=[pool]))
    try:
        failed = run("up")
    finally:
        network.remove()
    assert failed.returncode == 4
    assert "network is taken by another Docker network" in failed.stderr
    assert "LAB_SLOT" in failed.stderr
    assert run("up").returncode == 0
    assert run("status").returncode == 0


def test_what_another_version_left_is_made_anew(lab: Lab, run: Run) -> None:
    from docker.types import IPAMConfig, IPAMPool

    pool = IPAMPool(f"{SLOT.net}.0/24")
    labels = {LABEL: NAME, "mail-lab.slot": str(SLOT.number)}
    lab.docker.networks.create(f"mail-lab-{NAME}_lab", ipam=IPAMConfig(pool_configs=[pool]), labels=labels)
    done = run("up")
    assert done.returncode == 0, done.stderr
    assert f"removing what is left of the lab in {SLOT.net}.0/24, which another version has made" in done.stderr
    assert f"10 hosts in {SLOT.subnet}" in done.stdout


def test_down_with_somebody_else_in_the_network(lab: Lab, run: Run) -> None:
    assert run("up").returncode == 0
    (network,) = lab.docker.networks.list(names=[f"mail-lab-{NAME}_lab"])
    image = lab.hosts["dns"].image
    stranger = lab.docker.containers.run(image, ["sleep", "60"], detach=True, network=network.id, entrypoint="")
    try:
        done = run("down")
        assert (done.returncode, left(lab)) == (0, []), done.stderr
        stranger.reload()
        assert stranger.status == "running"
    finally:
        stranger.remove(force=True)


def test_slot_taken_and_no_slot(lab: Lab, run: Run) -> None:
    number = next(each.slot for each in networks(lab.engine) if each.lab == lab.name)
    taken = run("up", LAB_SLOT=str(number))
    assert taken.returncode == 4
    assert f"slot {number} belongs to another lab" in taken.stderr
    assert "LAB_SLOT must be a number from 0 to 31, not '99'" in run("up", LAB_SLOT="99").stderr


def test_engine_away(run: Run) -> None:
    failed = run("up", DOCKER_HOST="unix:///nonexistent/docker.sock")
    assert failed.returncode == 4
    assert "the Docker engine does not answer at unix:///nonexistent/docker.sock" in failed.stderr


def test_docker_missing(run: Run) -> None:
    failed = run("up", PATH="/nonexistent", DOCKER_HOST="")
    assert failed.returncode == 4
    assert "the docker command is missing" in failed.stderr


def test_two_at_once(lab: Lab, run: Run) -> None:
    both = [
        subprocess.Popen(command("up"), env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    outputs = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs
    assert run("status").returncode == 0
    assert sum(f"mail-lab-{NAME}-" in name for name in left(lab)) == len(roster.MEMBERS)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
@pytest.mark.parametrize("repair", ["up", "down"])
def test_interrupted_start_is_repaired(lab: Lab, run: Run, how: signal.Signals, repair: str) -> None:
    process = subprocess.Popen(
        command("up"), env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    seen = ""
    for line in process.stdout:
        seen += line
        if "starting" in line:
            process.send_signal(how)
            break
    seen += process.communicate(timeout=60)[0]
    assert process.returncode == (130 if how == signal.SIGINT else -how), seen
    assert "Traceback" not in seen
    if how == signal.SIGINT:
        assert "lab up" in seen
        assert "lab down" in seen
    assert run(repair).returncode == 0
    if repair == "up":
        assert run("status").returncode == 0
    else:
        assert left(lab) == []


def test_broken_users_and_zone_files_are_told_at_once_with_file_and_line(lab: Lab, run: Run, copy: Path) -> None:
    (copy / "compose" / "users").write_text("postmaster:x\ncustomer:y\nAna:secret\nbia\n")
    zone = copy / "dnszone" / "zones" / "dest.test.zone"
    lines = zone.read_text().splitlines()
    zone.write_text("\n".join([*lines, "mx4 A 198.18.0.400", "@ MXX 10 mx4"]) + "\n")
    failed = run("up", root=copy)
    assert failed.returncode == 2
    assert "users:3: 'Ana' is not a name" in failed.stderr
    assert "users:4: no colon in 'bia'" in failed.stderr
    assert f"dest.test.zone:{len(lines) + 1}: " in failed.stderr
    assert f"dest.test.zone:{len(lines) + 2}: " in failed.stderr
    assert left(lab) == []


def test_broken_compose_file(lab: Lab, run: Run, copy: Path) -> None:
    path = copy / "compose" / "compose.yaml"
    text = path.read_text()
    path.write_text(text.replace("  mx2:\n", "  mx2\n"))
    line = text[: text.index("  mx2:\n")].count("\n") + 1
    failed = run("up", root=copy)
    assert failed.returncode in (2, 4)
    assert "compose.yaml" in failed.stderr
    assert f"compose.yaml:{line}: could not find expected" in failed.stderr
    assert left(lab) == []


def test_host_that_dies_at_start_shows_its_last_lines(run: Run, copy: Path) -> None:
    path = copy / "compose" / "compose.yaml"
    broken = path.read_text().replace(
        "environment: {LAB_DNS: *dns, POSTFIX_lab_dns: *dns,",
        'environment: {LAB_DNS: *dns, POSTFIX_lab_dns: *dns, POSTFIX_inet_interfaces: "203.0.113.7",',
    )
    assert broken != path.read_text()
    path.write_text(broken)
    failed = run("up", root=copy)
    assert failed.returncode == 4
    assert re.search(r"mx[123] ended with exit code 1; its last lines:", failed.stderr)  # whoever was seen first
    assert "203.0.113.7" in failed.stderr
    assert run("up").returncode == 0  # with the right file again


LEFT = """
import os, signal
from lab import Lab
from lab.engine import connection
from lab.world.world import World
lab = Lab(World({name!r}, connection.ensure(print)))
faults = [lab.fault("mx1", connect="refuse"), lab.paused("mx2"), lab.stopped("mx3")]
for fault in faults:
    fault.__enter__()
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_up_puts_back_what_a_killed_process_left(run: Run) -> None:
    assert run("up").returncode == 0
    killed = subprocess.run(
        [sys.executable, "-c", LEFT.format(name=NAME)], env=environment(), capture_output=True, check=False
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert run("status").returncode == 1
    assert run("up").returncode == 0
    assert run("status").returncode == 0
