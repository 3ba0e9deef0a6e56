"""How many submissions are graded in a minute, on one job and on two, with the memory of each; and 200 of them with a worker killed in between.

``python -m tests.benchmarks.grading [--submissions 4] [--many 200]``. A benchmark doesn't judge the machine, but it does count: the
exit status is 1 when a submission was lost or graded twice.
"""

import argparse
import os
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil

from dojo import catalog, jail, warden
from dojo.grade import Class, Policy
from dojo.workspace import SOLUTIONS, Workspace
from tests.benchmarks.verdict import show


def submissions(folder: Path, count: int) -> list[tuple[str, str]]:
    """Complete submissions, each with a file of its own, so that none is known from another."""
    made = []
    for number in range(count):
        tree = Workspace.at(SOLUTIONS).snapshot(folder / f"{number:03d}")
        (tree / "app" / "mine.py").write_text(f"number = {number}\n")
        made.append((tree.name, str(tree)))
    return made


def throughput(count: int, folder: Path) -> None:
    """Submissions per minute for phases 1, 1.5 and 2, on one job and on two."""
    exercises = tuple(e.id for e in catalog.exercises() if e.phase in ("1", "1.5", "2"))
    per_minute = {}
    sources = submissions(folder / "few", count)
    for jobs in (1, 2):
        began = time.perf_counter()
        with ThreadPoolExecutor(jobs) as pool:
            results = Class(folder / f"jobs-{jobs}", Policy(exercises, seed=1)).grade(sources, pool, lambda result: None)
        per_minute[jobs] = 60 * count / (time.perf_counter() - began)
        memory = max(result["peak_memory"] for result in results) / (1 << 20)
        fine = sum(result["points"] == result["max_points"] for result in results)
        show(f"phases 1, 1.5 and 2, {jobs} at once: submissions per minute", f"{per_minute[jobs]:.2f}")
        show("  of which got everything", f"{fine}/{count}", "all", fine == count)
        show("  memory of one, judge and services and hosts, at most", f"{memory:.0f} MB")
    ratio = per_minute[2] / per_minute[1]
    show(f"two at once against one, on {len(os.sched_getaffinity(0))} CPUs", f"{ratio:.2f} x", "at least 1.7", ratio >= 1.7)


def many(count: int, folder: Path) -> bool:
    """Whether each of ``count`` submissions is graded once, though what watches over one is killed in the middle."""
    sources = submissions(folder / "many", count)
    told = Counter[str]()
    killed: list[int] = []

    def kill_one() -> None:
        while sum(told.values()) < count // 2:
            time.sleep(0.1)
        while not killed:
            for process in psutil.Process().children(recursive=True):
                try:
                    if warden.__file__ in process.cmdline():
                        os.kill(process.pid, signal.SIGKILL)
                        killed.append(process.pid)
                        return
                except psutil.Error:
                    pass

    killer = threading.Thread(target=kill_one, daemon=True)
    killer.start()
    began = time.perf_counter()
    with ThreadPoolExecutor(2) as pool:
        run = Class(folder / "out", Policy(("1.1",), seed=1))
        results = run.grade(sources, pool, lambda result: told.update([result["submission"]["name"]]))
    killer.join(5)
    names = [result["submission"]["name"] for result in results]
    right = len(killed) == 1 and [name for name, _ in sources] == names and set(told.values()) == {1} and run.judged == count
    show(f"{count} submissions, 1.1 alone, one worker killed: per minute", f"{60 * count / (time.perf_counter() - began):.1f}")
    points = sum(result["points"] for result in results)
    show("  graded, once each, with their point", f"{points}/{count}", "all", right and points == count)
    return right and points == count


def main() -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--submissions", type=int, default=4, help="how many for the throughput (default: 4)")
    parser.add_argument("--many", type=int, default=200, help="how many in the run with a killed worker (default: 200; 0: leave it out)")
    arguments = parser.parse_args()
    walls = jail.strongest()
    print(f"jail {walls.level}, network {walls.network}")
    with tempfile.TemporaryDirectory(prefix="serving-katas-") as folder:
        if arguments.submissions:
            throughput(arguments.submissions, Path(folder))
        return 0 if not arguments.many or many(arguments.many, Path(folder)) else 1


if __name__ == "__main__":
    sys.exit(main())
