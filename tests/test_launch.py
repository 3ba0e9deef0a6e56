"""What a judge run keeps outside of its processes, where it keeps it, and that it is gone afterwards."""

import asyncio
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.settings import Settings
from dojo import launch
from dojo.launch import FORK, OUTPUT_KEPT, Launcher, NoAnswer
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


TEMPORARY = """\
import tempfile


def made() -> str:
    return tempfile.mkdtemp()
"""


@pytest.mark.skipif(not FORK, reason="elsewhere hosts share the user's place for temporary files")
async def test_a_host_that_is_killed_leaves_no_temporary_folder(tmp_path: Path) -> None:
    """Its code makes what it likes, and is ended without being asked to clear up."""
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "files.py").write_text(TEMPORARY)
    launcher = Launcher(Workspace.at(tmp_path))
    try:
        host = await launcher.start({"do": "call", "root": str(launcher.root), "env": {}})
        await asyncio.wait_for(host.started, 10)
        reply = await host.ask("call", 10, function="app.files:made", args=[])
        folder = Path(reply["value"])
        assert folder.is_dir()
        await host.close()
    finally:
        launcher.close()

    assert not folder.exists()


CROWD = """\
import os, signal, time


def crowded() -> float:
    \"""Computes for half a second on a CPU that it shares with four others.\"""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    others = [os.fork() for _ in range(4)]
    if 0 in others:
        while True:  # ended below, or with the host's process group
            pass
        os._exit(0)
    try:
        began = time.thread_time()
        while time.thread_time() - began < 0.5:
            pass
    finally:
        for other in others:
            os.kill(other, signal.SIGKILL)
            os.waitpid(other, 0)
    return 0.5


def sleeps() -> None:
    time.sleep(3)
"""


@pytest.mark.skipif(not Path("/proc/self/schedstat").exists(), reason="only Linux says for how long a thread had no CPU")
async def test_time_without_a_cpu_is_lent(tmp_path: Path) -> None:
    """A call on a busy machine may take longer by what it was ready to run and didn't; one that waits for something may not."""
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "crowd.py").write_text(CROWD)
    launcher = Launcher(Workspace.at(tmp_path))
    try:
        host = await launcher.start({"do": "call", "root": str(launcher.root), "env": {}})
        await asyncio.wait_for(host.started, 10)
        began = time.perf_counter()
        reply = await host.ask("call", 1.0, lend=60, function="app.crowd:crowded", args=[])
        took = time.perf_counter() - began
        with pytest.raises(NoAnswer) as late:
            await host.ask("call", 1.0, lend=60, function="app.crowd:sleeps", args=[])
        await host.close()
    finally:
        launcher.close()

    assert reply["value"] == 0.5
    assert took > 1.5  # which it could not have been within the limit
    assert late.value.lent < 0.5


TALKS = """\
import threading, time


def says(text: str) -> None:
    print(text, flush=True)


def mutters() -> None:
    \"""Prints from now on, without end.\"""
    def again() -> None:
        while True:
            print("and so on", flush=True)

    threading.Thread(target=again, daemon=True).start()
"""


@pytest.mark.skipif(not launch.POLL, reason="there, only a thread can read a pipe")
@pytest.mark.parametrize("thread", ["runs", "gets no CPU"])
async def test_what_was_printed_before_an_answer_is_there_with_it(thread: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whoever has an answer of the host's can read what was printed until then, at once, also when more is printed without end.

    The thread that keeps the pipe from filling up has no part in it: on a busy machine it runs when it gets to.
    """
    over = threading.Event()
    if thread == "gets no CPU":
        monkeypatch.setattr(launch.Host, "_keep_output", lambda host, file: over.wait() and os.close(file))
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "talks.py").write_text(TALKS)
    launcher = Launcher(Workspace.at(tmp_path))
    try:
        host = await launcher.start({"do": "call", "root": str(launcher.root), "env": {}})
        await asyncio.wait_for(host.started, 10)
        for number in range(200):
            await host.ask("call", 10, function="app.talks:says", args=[f"line {number}"])
            assert host.output().endswith(f"line {number}\n")
        await host.ask("call", 10, function="app.talks:says", args=["x" * 100_000])
        assert len(host.output()) == OUTPUT_KEPT
        await host.ask("call", 10, function="app.talks:mutters", args=[])
        assert "and so on" in host.output()
        await host.close()
        assert "and so on" in host.output()  # what was printed last is known when the process is gone
    finally:
        over.set()
        launcher.close()


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


def test_no_setting_of_a_shell_reaches_a_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of the service's settings is taken out of the judge's environment, also one that was added later."""
    for name in Settings.model_fields:
        monkeypatch.setenv(name.upper(), "1")

    assert not {name.upper() for name in Settings.model_fields} & launch._environment().keys()


@pytest.fixture
def launcher(tmp_path: Path) -> Iterator[Launcher]:
    """What starts the hosts of a workspace with nothing in it."""
    (tmp_path / "app").mkdir()
    launcher = Launcher(Workspace.at(tmp_path))
    yield launcher
    launcher.close()


@pytest.mark.skipif(not FORK, reason="only where hosts are forked")
async def test_what_the_fork_server_is_told_at_once_it_does_in_turn(launcher: Launcher) -> None:
    """Two hosts are closed and a third is started before it has looked: it is one stream in which no message waits for the one before."""
    task = {"do": "call", "root": str(launcher.root), "env": {}}
    first, second = [await launcher.start(task) for _ in range(2)]
    assert launcher._server is not None
    starter = launcher._server._process.pid
    os.kill(starter, signal.SIGSTOP)
    closing = [asyncio.create_task(host.close()) for host in (first, second)]
    await asyncio.sleep(0.1)
    threading.Timer(0.3, os.kill, (starter, signal.SIGCONT)).start()  # starting one waits for it
    third = await launcher.start(task)

    await asyncio.gather(*closing)
    assert [9, 9] == [host.ended["status"] for host in (first, second)]
    await asyncio.wait_for(third.started, 10)
    await third.close()


@pytest.mark.skipif(not FORK, reason="only where hosts are forked")
async def test_two_hosts_that_are_the_first_wait_for_the_libraries_together(launcher: Launcher) -> None:
    """Neither takes an answer that was meant for the other."""
    task = {"do": "call", "root": str(launcher.root), "env": {}}
    async with asyncio.timeout(60):
        for host in await asyncio.gather(launcher.start(task), launcher.start(task)):
            await host.started
            await host.close()


@pytest.mark.skipif(not FORK, reason="elsewhere the judge asks the system how a process ended")
async def test_how_a_host_ended_is_known_however_late_it_is_asked(launcher: Launcher) -> None:
    """A question that is sent to a host that has ended meanwhile doesn't cost the word of how it ended."""
    host = await launcher.start({"do": "call", "root": str(launcher.root), "env": {}})
    await asyncio.wait_for(host.started, 10)
    os.kill((await host.ask("call", 10, function="os:getpid", args=[]))["value"], signal.SIGTERM)
    time.sleep(0.5)  # the loop stands: nothing is read meanwhile

    host.tell({"do": "where", "id": 0})

    assert await host.ends(5)
    assert (signal.SIGTERM, True) == (host.ended.get("status"), host.ended.get("signaled"))
    await host.close()
