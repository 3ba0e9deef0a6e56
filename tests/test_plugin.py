"""What a judge run leaves behind: nothing, and nothing of the judge's own can turn a green run into a failure."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dojo.subject import Run
from dojo.workspace import ROOT, SOLUTIONS
from tests.judging import answers, complaints, judge


def test_a_run_has_a_temporary_folder_of_its_own_and_leaves_nothing_in_it(tmp_path: Path) -> None:
    """D writes below pytest's `tmp_path`; pytest's own place for it is cleared up by all runs of a user at once, behind each other."""
    command = [sys.executable, "-m", "pytest", "-q", str(ROOT / "katas" / "phase1_5_sync_async" / "test_d_config.py"), "--workspace", str(SOLUTIONS)]
    run = subprocess.run(command, cwd=ROOT, env={**os.environ, "TMPDIR": str(tmp_path)}, capture_output=True, text=True, timeout=120, check=False)

    assert run.returncode == 0, run.stdout + run.stderr
    assert [path.name for path in tmp_path.iterdir()] == []


def test_late_garbage_of_the_judge_is_no_failure(tmp_path: Path) -> None:
    """A file that nobody closed is found by the collector when all tests are over, and pytest would end with its trace."""
    (tmp_path / "late.py").write_text("def pytest_sessionfinish(session):\n    open('/dev/null')\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "late", str(ROOT / "katas" / "phase0_setup"), "--workspace", str(SOLUTIONS)]
    run = subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, timeout=120, check=False)

    assert run.returncode == 0, run.stdout + run.stderr


def test_no_failure_is_compared_where_ci_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """There, and with ``-v``, pytest shows all that differs. It took minutes over two bodies of some hundred kilobytes, and then failed itself."""
    monkeypatch.setenv("CI", "true")
    answer = next(answer for answer in answers() if answer.name == "wrong/2_1_bodies_through_text")

    assert [] == list(complaints(answer, judge(answer.path, answer.exercises, ["-vv"])))


async def test_an_option_that_a_service_does_not_have_is_the_katas_mistake() -> None:
    """A misspelt one would be passed over, and the kata would judge something else."""
    with pytest.raises(TypeError, match="a service has no option websockets; there are hold_file, loop, overlay, probe, workspace and ws"):
        await Run.serve(Run.__new__(Run), "app.main:app", {}, edit=(), exercise="1.1", websockets=True)
