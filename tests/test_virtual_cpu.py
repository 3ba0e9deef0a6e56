"""The virtual CPU: who may compute at the same time, and how that is counted and drawn."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from dojo.virtual_cpu import Hold, VirtualCpu, overlap, peak, timeline
from dojo.workspace import ROOT

#: Computes on THREADS threads until there is a file ``enough``.
WORK = """
import sys, threading, pathlib
from dojo import virtual_cpu

def work():
    while not pathlib.Path(sys.argv[1], "enough").exists():
        virtual_cpu.compute(float(sys.argv[4]), gil_released=sys.argv[3] == "released")

threads = [threading.Thread(target=work) for _ in range(int(sys.argv[2]))]
for thread in threads:
    thread.start()
"""


@pytest.fixture
def computing(tmp_path: Path) -> Callable[..., list[Hold]]:
    """Lets some processes compute until it is ``enough``, or for ten seconds, and gives their holds."""
    def compute(cores: int, *, processes: int = 1, threads: int = 1, gil: str = "kept", seconds: float = 0.005,
                enough: Callable[[list[Hold]], bool] = lambda holds: len(holds) >= 60) -> list[Hold]:
        cpu = VirtualCpu(tmp_path / "cpu", cores)
        command = [sys.executable, "-c", WORK, str(tmp_path), str(threads), gil, str(seconds)]
        started = [subprocess.Popen(command, cwd=ROOT, env={**os.environ, **cpu.environment}) for _ in range(processes)]
        until = time.monotonic() + 10
        while not enough(cpu.holds()) and time.monotonic() < until:
            time.sleep(0.01)
        (tmp_path / "enough").touch()
        assert [0] * processes == [process.wait(20) for process in started]
        return cpu.holds()

    return compute


def test_threads_of_one_process_take_turns(computing: Callable[..., list[Hold]]) -> None:
    """Who keeps the GIL computes alone in its process, on however many cores."""
    holds = computing(4, threads=4)

    assert 4 == len({hold.thread for hold in holds})
    assert 1 == peak(holds)
    assert 1.0 == pytest.approx(overlap(holds))


def test_threads_that_release_the_gil_share_the_cores(computing: Callable[..., list[Hold]]) -> None:
    """Threads that give the GIL up compute together, as many as there are cores."""
    holds = computing(2, threads=4, gil="released", enough=lambda holds: peak(holds) == 2 and len(holds) >= 60)

    assert 2 == peak(holds)
    assert {0, 1} == {hold.core for hold in holds}


@pytest.mark.parametrize(("processes", "cores"), [(2, 2), (3, 2), (2, 1)])
def test_processes_share_the_cores(computing: Callable[..., list[Hold]], processes: int, cores: int) -> None:
    """Processes compute together, and never more of them than there are cores."""
    holds = computing(cores, processes=processes, enough=lambda holds: peak(holds) == cores and len({hold.process for hold in holds}) == processes)

    assert processes == len({hold.process for hold in holds})
    assert cores == peak(holds)


def test_a_core_is_held_by_one_at_a_time(computing: Callable[..., list[Hold]]) -> None:
    """No two holds of one core overlap, and each is as long as was asked for."""
    holds = computing(2, processes=3, threads=2)

    for core in (0, 1):
        assert 1 >= peak(hold for hold in holds if hold.core == core)
    assert all(hold.wanted <= hold.began and hold.ended - hold.began >= 0.005 for hold in holds)


def test_who_is_killed_leaves_its_core(tmp_path: Path) -> None:
    """A process that is killed while it holds a core is no loss: the next one takes it."""
    cpu = VirtualCpu(tmp_path / "cpu", 1)
    env = {**os.environ, **cpu.environment}
    held = subprocess.Popen([sys.executable, "-c", "from dojo import virtual_cpu as v; print(v._files() and 1, flush=True); v.compute(60)"],
                            cwd=ROOT, env=env, stdout=subprocess.PIPE)
    assert held.stdout is not None
    held.stdout.readline()
    held.send_signal(signal.SIGKILL)
    held.communicate()

    subprocess.run([sys.executable, "-c", "from dojo import virtual_cpu as v; v.compute(0.001)"], cwd=ROOT, env=env, timeout=20, check=True)

    assert 1 == len(cpu.holds())


def held(process: int, began: float, ended: float, wanted: float | None = None, thread: int = 0) -> Hold:
    """A hold of some core."""
    return Hold(process, thread, 0, began if wanted is None else wanted, began, ended)


def test_what_is_counted() -> None:
    """Peak and overlap of holds that are known; who ends when another one begins doesn't overlap with it."""
    holds = [held(1, 0.0, 1.0), held(2, 0.5, 1.5), held(1, 1.5, 2.0), held(3, 5.0, 6.0)]

    assert 2 == peak(holds)
    assert 3.5 / 3.0 == pytest.approx(overlap(holds))
    assert (0, 0.0, "") == (peak([]), overlap([]), timeline([]))
    assert (1, 1.0) == (peak(holds[2:]), overlap(holds[2:]))


def test_a_timeline_shows_who_computed_and_who_wanted_to() -> None:
    """A row for each process, in which waiting for a core is seen as well."""
    holds = [held(7, 10.0, 10.1), held(8, 10.0, 10.1), held(9, 10.1, 10.2, wanted=10.0)]

    expected = ("  worker 1 ██████████\n"
                "  worker 2 ██████████\n"
                "  worker 3 ░░░░░░░░░░██████████\n"
                "           0 s           0.20 s")
    assert expected == timeline(holds, columns=20)


def test_a_timeline_tells_threads_apart() -> None:
    """Where a process has several threads, each has its row."""
    holds = [held(7, 0.0, 0.1, thread=5), held(7, 0.1, 0.2, thread=6), held(8, 0.0, 0.2)]

    rows = [line.rstrip() for line in timeline(holds, name="process", columns=10).splitlines()]
    assert ["  process 1, thread 1 █████", "  process 1, thread 2      █████", "  process 2, thread 1 ██████████"] == rows[:3]


def test_a_note_that_is_half_written_is_no_hold(tmp_path: Path) -> None:
    """Notes are read while they are written."""
    cpu = VirtualCpu(tmp_path / "cpu", 1)
    (cpu.folder / "notes-1").write_bytes(b"\0" * 60)

    assert 1 == len(cpu.holds())
