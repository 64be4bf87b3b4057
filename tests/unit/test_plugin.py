"""The plugin: which labs the main process of pytest-xdist takes down."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from lab import plugin


def test_the_main_process_takes_down_what_every_worker_has_started(monkeypatch: pytest.MonkeyPatch) -> None:
    down: list[str] = []
    monkeypatch.setattr("lab.engine.connection.ensure", lambda _: None)
    monkeypatch.setattr("lab.world.world.World", lambda name, _: SimpleNamespace(down=lambda _: down.append(name)))
    main: Any = SimpleNamespace(stash=pytest.Stash(), getoption=lambda _: False, pluginmanager=None)
    monkeypatch.setattr(plugin, "_teller", lambda _: print)
    for name in ("main", "main-gw1"):
        worker: Any = SimpleNamespace(stash=pytest.Stash(), workeroutput={})
        worker.stash[plugin.STARTED] = {name}
        session: Any = SimpleNamespace(config=worker)
        plugin.pytest_sessionfinish(session)
        plugin.pytest_testnodedown(SimpleNamespace(workeroutput=worker.workeroutput, config=main))
    plugin.pytest_testnodedown(SimpleNamespace(config=main))  # one that died at its start
    assert down == []
    ended: Any = SimpleNamespace(config=main)
    plugin.pytest_sessionfinish(ended)
    assert down == ["main", "main-gw1"]
