"""The three tiers: without an engine only the text of files is judged."""

import pytest

from dojo.engine import REQUIRED
from dojo.workspace import ROOT, SOLUTIONS
from tests.judging import engine_tests, judge


@pytest.mark.usefixtures("no_engine")
def test_without_an_engine_the_text_is_judged_and_the_rest_inconclusive() -> None:
    """A right answer isn't red, and isn't green either; each tier has its line."""
    verdict = judge(SOLUTIONS, ["5.1", "5.2"])

    assert {"5.1": "unclear", "5.2": "unclear"} == verdict.states
    assert ".ci/container-engine up" in verdict.messages["5.1"]
    lines = [" ".join(line.replace("✓", "+").replace("·", ".").split()) for line in verdict.shown.splitlines()]
    assert "static + 7 checks" in lines
    assert "behavior . not judged" in lines


@pytest.mark.usefixtures("no_engine")
def test_without_an_engine_a_wrong_text_is_red() -> None:
    """What the text says needs no engine."""
    verdict = judge(ROOT / "tests/answers/wrong/5_1_shell_form", ["5.1"])

    assert {"5.1": "red"} == verdict.states


@pytest.mark.usefixtures("no_engine")
def test_an_engine_that_is_required_and_not_there_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """In CI nothing is left out unseen."""
    monkeypatch.setenv(REQUIRED, "1")

    verdict = judge(SOLUTIONS, ["5.1"])

    assert {"5.1": "broken"} == verdict.states
    assert "KATA_REQUIRE_ENGINE is set, and there is no container engine" in verdict.messages["5.1"]


def test_the_tests_that_take_an_engine_are_known_by_their_tier() -> None:
    """By which answers are judged by a session of their own."""
    found = engine_tests("5.1")

    assert {"test_it_builds", "test_it_answers_from_outside"} <= found
    assert "test_the_base_image_is_pinned" not in found
    assert not engine_tests("1.1")
