"""Results as data: every exercise that was asked for is there, and only what is green is worth something."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dojo import catalog, results
from dojo.chance import Chance
from dojo.results import Collector, Result
from dojo.workspace import ROOT


def record(states: dict[str, str], asked: list[str], trouble: str = "", judged: set[str] | None = None) -> dict[str, Any]:
    """The record of a run in which exercises came to ``states``."""
    collector = Collector()
    collector.results = {each: Result(catalog.exercise(each), state) for each, state in states.items()}
    collector.judged = set(states) if judged is None else judged
    return results.record(collector, map(catalog.exercise, asked), seed=1, seconds=1.0, trouble=trouble)


def test_what_has_no_report_is_missing_and_worth_nothing() -> None:
    """The exercises and the total come from what was asked for, not from what was reported."""
    told = record({"1.1": "green"}, ["1.1", "1.2", "1.3"])

    assert [("1.1", "pass", 1), ("1.2", "error", 0), ("1.3", "error", 0)] == [(t["id"], t["status"], t["points"]) for t in told["tests"]]
    assert (1, 3, "fail") == (told["points"], told["max_points"], told["status"])


def test_an_exercise_that_was_not_judged_to_its_end_is_missing() -> None:
    """Green tests before the judge's end are not a green exercise."""
    told = record({"1.1": "green"}, ["1.1"], judged=set())

    assert ("missing", 0) == (told["tests"][0]["state"], told["points"])


@pytest.mark.parametrize("state", ["red", "part", "unclear", "broken"])
def test_only_green_earns_points(state: str) -> None:
    """Whatever else an exercise came to is worth nothing; only a red one is called a failure."""
    told = record({"1.1": state}, ["1.1"])

    assert (0, "fail" if state == "red" else "error") == (told["points"], told["tests"][0]["status"])


def test_a_run_in_trouble_is_worth_nothing() -> None:
    """When the run as a whole can't be trusted, no part of it can."""
    told = record({"1.1": "green"}, ["1.1"], trouble="The run was interrupted.")

    assert (0, "error", "The run was interrupted.") == (told["points"], told["status"], told["message"])


def test_what_is_green_from_the_start_is_worth_nothing() -> None:
    """The bench of phase 0, which asks to edit nothing, has no points: a fresh clone has none."""
    assert {0} == {e.points for e in catalog.exercises() if not e.edit}
    assert {1} == {e.points for e in catalog.exercises() if e.edit}


def test_draws_follow_the_seed_and_the_test(tmp_path: Path) -> None:
    """The same seed gives the same draws in each test, whichever tests ran before."""
    script = tmp_path / "draw.py"
    script.write_text("import json, random, secrets, sys\nfrom dojo.chance import Chance\nchance = Chance(int(sys.argv[1]))\n"
                      "for test in sys.argv[2:]:\n    chance.begin(test)\n"
                      "print(json.dumps([random.random(), secrets.token_hex(4), secrets.randbelow(10**9), secrets.choice(range(10**9))]))\n")

    def draws(*arguments: str) -> str:
        command = [sys.executable, str(script), *arguments]
        return subprocess.run(command, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True).stdout

    assert draws("7", "one", "two") == draws("7", "two")
    assert len({draws("7", "two"), draws("8", "two"), draws("7", "one")}) == 3
    assert Chance.__doc__


def test_a_run_writes_its_results(tmp_path: Path) -> None:
    """--results lists the whole phase, whatever -k chose, with the seed by which it can be repeated."""
    file = tmp_path / "results.json"
    options = ["--workspace", "solutions", "--seed", "5", "--results", str(file)]
    command = [sys.executable, "-m", "pytest", "katas/phase1_foundation", "-k", "1_1", *options]

    subprocess.run(command, cwd=ROOT, capture_output=True, check=True, timeout=100)

    told = json.loads(file.read_text(encoding="utf-8"))
    phase = next(phase for phase in catalog.phases() if phase.id == "1")
    assert [e.id for e in phase.exercises] == [test["id"] for test in told["tests"]]
    assert (5, 1, len(phase.exercises)) == (told["seed"], told["points"], told["max_points"])
    assert ["green", "missing"] == [test["state"] for test in told["tests"][:2]]
