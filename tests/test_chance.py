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


def draws(exercises: list[str], *options: str) -> set[str]:
    """Which of ``exercises`` draw when ``solutions/`` is graded."""
    seen = Draws()
    verdict = judge(SOLUTIONS, exercises, ["--exam", "--seed", "7", *options, str(ROOT / "katas" / "exam")], plugins=[seen])
    assert set(verdict.states.values()) <= {"green", "unclear"}, verdict.shown
    return set(seen.tests)


@pytest.mark.timeout(400)
def test_every_exercise_has_an_input_that_is_drawn() -> None:
    """But for those that have no input at all, and phase 5's, which want an engine."""
    quick = [e.id for e in catalog.exercises() if e.id not in {*WITHOUT, *LIVE} and not e.id.startswith("5")]

    assert set(quick) - draws(quick, "--quick") == set()
    assert set(LIVE) - draws(list(LIVE)) == set()
