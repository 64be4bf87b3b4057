"""The pytest plugin: the ``lab`` fixture, scenario files as tests, and the story of each message of a test that fails.

--lab NAME            the lab to use (default: the variable LAB, else "main"); started if it is not up
--lab-keep            leave a lab running that the tests have started
--lab-evidence DIR    save the evidence of every test there (default: of failed ones, in .lab/evidence)
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Generator, Iterator
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lab.errors import LabError
from lab.printable import printable

if TYPE_CHECKING:
    from lab.lab import Lab

STARTED = pytest.StashKey[set[str]]()
BEGAN = pytest.StashKey[datetime]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the plugin's options."""
    group = parser.getgroup("lab", "mail-routing lab")
    group.addoption("--lab", metavar="NAME", default=os.environ.get("LAB") or "main", help="the lab to use")
    group.addoption("--lab-keep", action="store_true", help="leave a lab running that the tests have started")
    group.addoption("--lab-evidence", metavar="DIR", type=Path, help="save the evidence of every test in DIR")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect scenario files."""
    from lab.scenario.collect import collect_file

    return collect_file(file_path, parent)


@pytest.fixture(scope="session")
def lab_session(pytestconfig: pytest.Config) -> Iterator[Lab]:
    """Return the lab for all tests: attached to if it is up, started if not."""
    from lab.engine import connection
    from lab.faults.heal import before_start
    from lab.lab import Lab
    from lab.world.world import World

    name = pytestconfig.getoption("--lab")
    try:
        tell = _teller(pytestconfig)
        world = World(name, connection.ensure(tell))
        _, started = world.up(tell, before_start)
        if started:
            pytestconfig.stash.setdefault(STARTED, set()).add(name)
        lab = Lab(world)
    except LabError as error:
        pytest.exit(f"no lab to test with: {error}", returncode=4)
    lab.report = _teller(pytestconfig)
    with lab:
        yield lab


@pytest.fixture
def lab(lab_session: Lab, request: pytest.FixtureRequest) -> Iterator[Lab]:
    """Return the lab for one test: what the test changes is put back after it."""
    with lab_session.one_test():
        request.node.stash[BEGAN] = datetime.now(UTC)
        yield lab_session


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tell the story of a failed test's messages, and save the evidence."""
    report = yield
    lab: Lab | None = (
        getattr(item, "funcargs", {}).get("lab") if BEGAN in item.stash else None
    )  # else the fixture may be somebody else's
    if call.when == "call" and lab is not None and lab.submissions:
        asked = item.config.getoption("--lab-evidence")
        if report.failed or asked:
            _tell(item, report, lab, asked)
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Take down what the tests have started. A worker of pytest-xdist leaves that to the main process."""
    names = sorted(session.config.stash.get(STARTED, ()))
    worker: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
    if not names:
        return
    if worker is not None:
        worker["labs_started"] = names
    elif not session.config.getoption("--lab-keep"):
        from lab.engine import connection
        from lab.world.world import World

        tell = _teller(session.config)
        for name in names:
            World(name, connection.ensure(tell)).down(tell)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:  # noqa: ANN401  a class of pytest-xdist, which need not be installed
    """Note which labs a worker of pytest-xdist has started."""
    names = getattr(node, "workeroutput", {}).get("labs_started", ())
    node.config.stash.setdefault(STARTED, set()).update(names)


def _tell(item: pytest.Item, report: pytest.TestReport, lab: Lab, asked: Path | None) -> None:
    from lab.mail import evidence

    root = asked or item.config.rootpath / ".lab" / "evidence"
    folder = root / re.sub(r"[^\w.-]+", "_", item.nodeid).strip("_")
    began = item.stash[BEGAN]
    try:
        stories = [evidence.report(each) for each in lab.submissions]
        evidence.save(folder, lab.submissions, began, hosts=lab.hosts, domains=lab.domains, recorder=lab.recorder)
    except LabError as error:  # the failure itself must still be seen
        stories = [f"the story of this test's messages cannot be told: {error}"]
    if report.failed:
        report.sections.append(("mail routes", printable("\n\n".join(stories))))
        report.sections.append(("evidence", printable(str(folder))))


def _teller(config: pytest.Config) -> Callable[[str], None]:
    """Return what shows progress at once, past pytest's capturing: Docker may have to be installed first."""
    capture = config.pluginmanager.getplugin("capturemanager")

    def tell(text: str) -> None:
        with capture.global_and_fixture_disabled() if capture else nullcontext():
            print(f"lab: {printable(text)}", flush=True)

    return tell
