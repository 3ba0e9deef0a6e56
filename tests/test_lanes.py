"""Exercises judged side by side say what they say one after the other, and whatever happens to a lane, nothing is lost or left."""

import contextlib
import errno
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dojo import lanes
from dojo.workspace import ROOT
from tests.learner import fresh, health
from tests.test_terminal import environment

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="lanes are for Linux")

KATAS = [f"katas/phase1_foundation/test_{name}.py" for name in ("1_1_health", "1_2_schemas", "1_3_predict")]

#: A pytest plugin that notes which process runs which test, and does at one of them what the test at hand wants.
NOTING = '''\
import os, time
from pathlib import Path

import pytest

@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call(item):
    with Path({notes!r}).open("a") as notes:
        notes.write(f"{{os.getpid()}} {{os.getppid()}} {{item.path.name}}\\n")
    if item.path.name == {at!r}:
        {do}

{first}
'''

#: Makes a method of the lanes fail at its first or its second call, in whichever process that is.
FAILING = '''\
import contextlib, dojo.lanes, dojo.plugin

def failing({name}, calls, at={at}):
    def method(*arguments, **options):
        for number in range(1, 100):
            with contextlib.suppress(FileExistsError):
                os.close(os.open(f"{{calls}}.{{number}}", os.O_CREAT | os.O_EXCL))
                break
        if number == at:
            raise OSError({error}, os.strerror({error}))
        return {name}(*arguments, **options)
    return method

{owner}.{name} = failing({owner}.{name}, {calls!r})
'''


class Judge:
    """Runs of the judge, each with the noting plugin."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._notes = folder / "notes.txt"
        self._notes.touch()
        self._begun: list[subprocess.Popen[str]] = []

    def begin(self, *arguments: str | Path, at: str = "", do: str = "pass", first: str = "") -> "subprocess.Popen[str]":
        """Begins to judge: ``do`` is a statement for the tests of the kata file ``at``, ``first`` more of the plugin."""
        (self._folder / "noting.py").write_text(NOTING.format(notes=str(self._notes), at=at, do=do, first=first))
        self._begun.append(subprocess.Popen(
            [sys.executable, "-m", "pytest", "-p", "noting", *KATAS, *map(str, arguments)], cwd=ROOT, text=True, encoding="utf-8",
            env=environment(PYTHONPATH=str(self._folder)), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT))
        return self._begun[-1]

    def close(self) -> None:
        """Ends the judges that a failed test has left."""
        for judge in self._begun:
            if judge.returncode is not None:
                continue
            judge.kill()
            judge.communicate()

    def run(self, *arguments: str | Path, at: str = "", do: str = "pass", first: str = "") -> tuple[int, str]:
        """The exit status of a judging, and what it printed."""
        judge = self.begin(*arguments, at=at, do=do, first=first)
        shown = judge.communicate(timeout=100)[0]
        return judge.returncode, shown

    def noted(self) -> list[list[str]]:
        """For each test that was begun: its process, that one's parent, and the kata file."""
        return [line.split() for line in self._notes.read_text().splitlines()]

    def wait_for(self, *files: str) -> None:
        """Waits until each of these kata files has begun a test."""
        until = time.monotonic() + 60
        while not set(files) <= {file for _, _, file in self.noted()}:
            assert time.monotonic() < until
            time.sleep(0.01)


@pytest.fixture
def judge(tmp_path: Path) -> Iterator[Judge]:
    judge = Judge(tmp_path)
    yield judge
    judge.close()
    until = time.monotonic() + 20
    for process in {int(process) for process, _, _ in judge.noted()}:
        while runs(process):
            assert time.monotonic() < until, "a lane was left behind"
            time.sleep(0.01)


def runs(process: int) -> bool:
    """Whether there is such a process, and more of it than its exit status."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


@pytest.mark.parametrize("green", [True, False])
def test_lanes_say_what_one_after_the_other_says(judge: Judge, tmp_path: Path, green: bool) -> None:
    workspace = ROOT / "solutions" if green else fresh(tmp_path / "workspace")

    seen = []
    for number in (1, 2):
        status, shown = judge.run("--workspace", workspace, "--lanes", str(number), "--results", tmp_path / f"{number}.json")
        result = json.loads((tmp_path / f"{number}.json").read_text())
        tests = [{**test, "seconds": 0} for test in result.pop("tests")]
        seen.append((status, shown, {**result, "seconds": 0}, tests))

    assert seen[0] == seen[1]
    assert seen[0][0] == (0 if green else 1)
    processes = [process for process, _, _ in judge.noted()]
    alone = processes[0]
    beside = [process for process in processes if process != alone]
    assert len(set(beside)) == 2
    assert len(beside) == len(processes) / 2


def test_exercises_that_need_a_machine_to_themselves_come_after_the_lanes(judge: Judge) -> None:
    status, shown = judge.run("katas/phase3_load_testing/test_3_4_results.py", "--workspace", "solutions", "--lanes", "2")

    assert status == 0, shown
    files = [file for _, _, file in judge.noted()]
    first = files.index("test_3_4_results.py")
    assert set(files[first:]) == {"test_3_4_results.py"}
    assert all(parent == judge.noted()[first][0] for _, parent, file in judge.noted()[:first]), "the lanes were not its own"


def test_a_lane_that_is_killed_costs_the_exercise_that_it_judges(judge: Judge, tmp_path: Path) -> None:
    status, shown = judge.run("--workspace", "solutions", "--lanes", "2", "--results", tmp_path / "results.json",
                              at="test_1_2_schemas.py", do="os.kill(os.getpid(), 9)")

    assert status == 1
    assert "✓ 1.1" in shown
    assert "! 1.2" in shown
    assert "The kata itself failed; this is no mistake of yours:" in shown
    assert "The process that judged it failed. It was ended by SIGKILL." in shown
    assert "✓ 1.3" in shown
    states = {test["id"]: test["state"] for test in json.loads((tmp_path / "results.json").read_text())["tests"]}
    assert states == {"1.1": "green", "1.2": "broken", "1.3": "green"}


def test_what_no_lane_has_begun_is_judged_all_the_same(judge: Judge) -> None:
    """Each lane ends before its first test; all falls to the judge."""
    ending = "JUDGE = os.getpid()\ndef pytest_runtest_setup():\n    if os.getpid() != JUDGE:\n        os._exit(3)"

    status, shown = judge.run("--workspace", "solutions", "--lanes", "2", first=ending)

    assert status == 0, shown
    assert all(f"✓ {exercise}" in shown for exercise in ("1.1", "1.2", "1.3"))
    assert len({process for process, _, _ in judge.noted()}) == 1


def test_a_lane_that_ends_by_itself_says_with_what(judge: Judge) -> None:
    status, shown = judge.run("--workspace", "solutions", "--lanes", "2", at="test_1_1_health.py", do="time.sleep(1); os._exit(3)")

    assert status == 1
    assert "! 1.1" in shown
    assert "It ended with status 3." in shown
    assert "✓ 1.2" in shown
    assert "✓ 1.3" in shown


def test_the_first_failure_ends_all_if_that_is_asked_for(judge: Judge, tmp_path: Path) -> None:
    report = tmp_path / "junit.xml"
    status, shown = judge.run("-x", "--workspace", fresh(tmp_path / "workspace"), "--lanes", "2", "--junitxml", report,
                              at="test_1_2_schemas.py", do="time.sleep(60)")

    assert status == 1
    assert "✗ 1.1" in shown
    assert "1.2" not in shown
    assert re.search(r'errors="0" failures="1"', report.read_text())


def test_a_lane_ends_with_its_judge(judge: Judge) -> None:
    running = judge.begin("--workspace", "solutions", "--lanes", "2", at="test_1_3_predict.py", do="time.sleep(60)")
    judge.wait_for("test_1_3_predict.py")

    running.kill()
    running.communicate()  # the fixture waits for the lanes


def test_an_interrupt_shows_what_is_done_and_ends_the_rest(judge: Judge) -> None:
    running = judge.begin("--workspace", "solutions", "--lanes", "2", at="test_1_2_schemas.py", do="time.sleep(60)")
    judge.wait_for("test_1_2_schemas.py", "test_1_3_predict.py")
    time.sleep(0.5)
    lane = next(int(process) for process, _, file in judge.noted() if file == "test_1_2_schemas.py")

    os.kill(lane, signal.SIGINT)  # as the terminal does, which sends it to all
    running.send_signal(signal.SIGINT)
    shown = running.communicate(timeout=60)[0]

    assert "Interrupted: nothing is left running." in shown
    assert "✓ 1.1" in shown
    assert "1.2" not in shown
    assert running.returncode == 2


def test_a_lane_that_is_asked_to_end_and_does_not_is_ended_by_a_second_interrupt(judge: Judge) -> None:
    stays = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
    running = judge.begin("--workspace", "solutions", "--lanes", "2", at="test_1_2_schemas.py", do=stays)
    judge.wait_for("test_1_2_schemas.py")
    time.sleep(0.5)

    running.send_signal(signal.SIGINT)
    time.sleep(0.5)
    running.send_signal(signal.SIGINT)

    assert "Interrupted: nothing is left running." in running.communicate(timeout=60)[0]


@pytest.mark.parametrize(("owner", "name", "at", "error"), [
    ("dojo.lanes._Telling", "_run", 1, errno.ENOSPC),  # one of the lanes, before its first exercise
    ("dojo.plugin", "Launcher", 3, errno.ENOSPC),  # the judge has one, and the first lane another
    ("os", "fork", 2, errno.EAGAIN),
])
def test_lanes_that_can_not_be_cost_no_verdict(judge: Judge, tmp_path: Path, owner: str, name: str, at: int, error: int) -> None:
    failing = FAILING.format(owner=owner, name=name, at=at, error=error, calls=str(tmp_path / "call"))

    status, shown = judge.run("--workspace", "solutions", "--lanes", "2", at="test_1_1_health.py", do="time.sleep(0.3)", first=failing)

    assert (tmp_path / f"call.{at}").exists()
    assert status == 0, shown
    assert all(f"✓ {exercise}" in shown for exercise in ("1.1", "1.2", "1.3"))


def test_all_lanes_judge_one_state_of_the_workspace(judge: Judge, tmp_path: Path) -> None:
    """What is saved after the judge has copied the workspace is for the next run."""
    workspace = fresh(tmp_path / "workspace")
    health(workspace)
    save = f"def pytest_collection_finish():\n    Path({str(workspace / 'app/main.py')!r}).write_text('broken(')"

    _, shown = judge.run("--workspace", workspace, "--lanes", "2", first=save)

    assert "✓ 1.1" in shown


def test_the_bench_is_looked_at_first(judge: Judge) -> None:
    _, shown = judge.run("katas/phase0_setup", "--workspace", "solutions", "--lanes", "2")

    assert shown.index("Phase 0") < shown.index("Phase 1")


def test_a_number_of_lanes_is_a_number_of_lanes(judge: Judge) -> None:
    status, shown = judge.run("--lanes", "0")

    assert status == pytest.ExitCode.USAGE_ERROR
    assert "--lanes takes a number from 1 on, not 0" in shown


@pytest.mark.parametrize(("asked", "cpus", "expected"), [(None, 2, 2), (None, 64, lanes.MOST), (None, 1, 1), (1, 8, 1), (3, 1, 3)])
def test_there_is_a_lane_for_each_cpu(monkeypatch: pytest.MonkeyPatch, asked: int | None, cpus: int, expected: int) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cpus)))

    assert lanes.count(asked) == expected


def test_elsewhere_there_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")

    assert lanes.count(4) == 1
