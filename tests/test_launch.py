"""What a judge run keeps outside of its processes, where it keeps it, and that it is gone afterwards."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from dojo import launch
from dojo.launch import FORK, Launcher
from dojo.workspace import Workspace

MEMORY = Path("/dev/shm")
SEMAPHORE = """\
from multiprocessing import get_context

#: Of a pool of spawned processes; it has a name, which outlives the process that has made it.
LOCK = get_context("spawn").Lock()


def name() -> str:
    return LOCK._semlock.name
"""


@pytest.mark.skipif(not FORK or sys.platform != "linux", reason="elsewhere a semaphore can't be looked for")
async def test_a_host_that_is_killed_leaves_no_semaphore(tmp_path: Path) -> None:
    """Those of pools have names in the system, and hosts are ended without being asked."""
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "pool.py").write_text(SEMAPHORE)
    launcher = Launcher(Workspace.at(tmp_path))
    try:
        host = await launcher.start({"do": "call", "root": str(launcher.root), "env": {}})
        await asyncio.wait_for(host.started, 10)
        reply = await host.ask("call", 10, function="app.pool:name", args=[])
        file = MEMORY / f"sem.{reply['value'].lstrip('/')}"
        assert file.exists()
        await host.close()
    finally:
        launcher.close()

    assert not file.exists()


@pytest.mark.skipif(not MEMORY.is_dir() or os.statvfs(MEMORY).f_bavail == 0, reason="this machine has no folder in memory")
def test_copies_are_kept_in_memory_where_there_is_room(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Otherwise, and when somebody has said where temporary files belong, they are kept there."""
    monkeypatch.delenv("TMPDIR", raising=False)
    monkeypatch.setattr(launch, "ROOM", 1)
    assert MEMORY == launch._scratch()
    monkeypatch.setattr(launch, "ROOM", 1 << 60)
    assert launch._scratch() is None
    monkeypatch.setattr(launch, "ROOM", 1)
    monkeypatch.setattr(launch, "MEMORY", tmp_path / "none")
    assert launch._scratch() is None
    monkeypatch.setattr(launch, "MEMORY", MEMORY)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    assert launch._scratch() is None
