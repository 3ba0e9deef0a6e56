"""Every exercise is graded with at least one input that the judge draws: what was learned by heart earns nothing."""

from collections import defaultdict
from typing import Any

import pytest

from dojo import catalog
from dojo.plugin import CHANCE
from dojo.workspace import ROOT, SOLUTIONS
from tests.judging import judge

#: They give no program an input: the bench (0.1, 3.1) edits nothing, and 1.6 asks for predictions of what is then measured.
WITHOUT = {"0.1", "1.6", "3.1"}
#: Their draws are in what runs live, which `--quick` leaves out.
LIVE = ("3.2", "3.3")


class Draws:
    """As a pytest plugin, which exercises have drawn something in one of their tests."""

    def __init__(self) -> None:
        self.tests: dict[str, list[str]] = defaultdict(list)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> None:
        """Looks once a test is over, and before its fixtures end."""
        function: Any = getattr(item, "function", None)
        mark = item.get_closest_marker("exercise")
        # hypothesis draws on its own, from the same seed.
        by_hypothesis = hasattr(function, "hypothesis") or "run_state_machine_as_test" in getattr(function, "__globals__", ())
        if mark and (by_hypothesis or item.config.stash[CHANCE].drawn()):
            self.tests[str(mark.args[0])].append(item.name)


def draws(exercises: list[str], *options: str) -> dict[str, str]:
    """The states of ``exercises`` when ``solutions/`` is graded, of those that draw."""
    seen = Draws()
    verdict = judge(SOLUTIONS, exercises, ["--exam", "--seed", "7", *options, str(ROOT / "katas" / "exam")], plugins=[seen])
    assert {state for exercise, state in verdict.states.items() if exercise not in exercises} <= {"green", "unclear"}, verdict.shown
    return {exercise: verdict.states.get(exercise, "not run") for exercise in seen.tests}


@pytest.fixture(scope="module")
def drawing(request: pytest.FixtureRequest) -> dict[str, str]:
    """Which of the exercises that are looked at draw something, and their states; they are judged together."""
    chosen = [item.callspec.params["exercise"] for item in request.session.items  # `-k` may have left out the others
              if isinstance(item, pytest.Function) and "drawing" in item.fixturenames]
    quick, live = [each for each in chosen if each not in LIVE], [each for each in chosen if each in LIVE]
    return (draws(quick, "--quick") if quick else {}) | (draws(live) if live else {})


@pytest.mark.timeout(400)
@pytest.mark.parametrize("exercise", [e.id for e in catalog.exercises() if e.id not in WITHOUT and not e.id.startswith("5")])
def test_every_exercise_has_an_input_that_is_drawn(exercise: str, drawing: dict[str, str]) -> None:
    """But for those that have no input at all, and phase 5's, which want an engine."""
    assert exercise in drawing, f"no test of {exercise} draws an input: by random, by secrets, or by hypothesis"
    assert drawing[exercise] in ("green", "unclear")
