"""What a judge run leaves behind: nothing, and nothing of the judge's own can turn a green run into a failure."""

import os
import shutil
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


DEEP = """
from fastapi import FastAPI, Response

app = FastAPI()


@app.get("/health")
def health():
    return Response("[" * 100_000, media_type="application/json")
"""
UNSPEAKABLE = """
class Unspeakable(Exception):
    def __str__(self):
        raise ValueError("no words")


raise Unspeakable
"""


@pytest.mark.parametrize(("code", "told"), [(DEEP, "nested more deeply than can be read"), (UNSPEAKABLE, "its text can't be shown: ValueError")])
def test_what_the_judge_can_not_read_is_no_failure_of_its_own(code: str, told: str, tmp_path: Path) -> None:
    """Who answers so that Python's parser gives up, or raises what can't be told, is red for it."""
    shutil.copytree(SOLUTIONS / "app", tmp_path / "app")
    (tmp_path / "app" / "main.py").write_text(code, encoding="utf-8")

    verdict = judge(tmp_path, ["1.1"])

    assert {"1.1": "red"} == verdict.states, verdict.shown
    assert told in verdict.messages["1.1"]


async def test_an_option_that_a_service_does_not_have_is_the_katas_mistake() -> None:
    """A misspelt one would be passed over, and the kata would judge something else."""
    with pytest.raises(TypeError, match="a service has no option websockets; there are hold_file, loop, overlay, probe, workspace and ws"):
        await Run.serve(Run.__new__(Run), "app.main:app", {}, edit=(), exercise="1.1", websockets=True)
