"""Every answer is judged as its header says: the right ones accepted, the wrong ones rejected, for their cause."""

import contextlib
import os
import subprocess
import zlib

import pytest

from dojo import catalog
from dojo.workspace import ROOT, SOLUTIONS
from tests.judging import Answer, Verdict, answers, complaints, judge, judge_all, kata_tests, needs_engine

ANSWERS = answers()
#: Those that build an image are judged by `nox -s containers`.
JUDGED = [answer for answer in ANSWERS if not needs_engine(answer)]
#: Of the wrong answers to these phases only a sixth meets all tests, the next one with each commit; the others meet those alone that have to
#: reject them. So one that an earlier test rejects, for another cause, is found within six commits, and the whole is some minutes shorter.
#: In the later phases tests build on one another, and save no time by themselves. ``nox -s stress -- --times 1`` leaves none out.
BY_NAME = ("0", "1", "1.5", "2")
PARTS = 6
#: Exercises about waiting, which can be got wrong in many ways.
WAITING = {"1.4", "1.5", "1.7", "A", "B", "C", "D", "E", "F", "G", "H"}
#: Judging is mostly waiting: more processes than CPUs finish sooner.
JOBS = 2 * (os.cpu_count() or 1)


@pytest.fixture(scope="module")
def verdicts(request: pytest.FixtureRequest) -> dict[str, Verdict]:
    """The verdict on each answer, by its name, judged side by side.

    Once more, one at a time, are judged those of which the machine was too busy to tell or the judge failed, and wrong ones that were
    rejected for another cause than their header names: which of an answer's faults shows first may hang on how busy
    the machine is. Whether it is accepted may not, so nobody has a second try at that; `nox -s stress` gives none at all.
    """
    chosen = [item.callspec.params["answer"] for item in request.session.items  # `-k` may have left out the others
              if isinstance(item, pytest.Function) and "verdicts" in item.fixturenames]
    told = {answer.name: verdict for answer, verdict in judge_all(chosen, JOBS, _by_name())}
    again = [answer for answer in chosen if _is_unclear(told[answer.name]) or _for_another_cause(answer, told[answer.name])]
    reporter = request.config.pluginmanager.get_plugin("terminalreporter")
    for answer in again if reporter else []:
        reporter.write_line(f"judged once more, {answer.name}: {'; '.join(complaints(answer, told[answer.name]))}")
    return told | {answer.name: verdict for answer, verdict in judge_all(again, 1)}


def _by_name() -> frozenset[Answer]:
    """The wrong answers that meet only the tests which have to reject them."""
    count = ""
    with contextlib.suppress(OSError):  # where there is no git it is always the same sixth
        count = subprocess.run(["git", "rev-list", "--count", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()
    part = int(count or 0) % PARTS
    return frozenset(
        answer for answer in JUDGED
        if not answer.right and zlib.crc32(answer.name.encode()) % PARTS != part
        and all(catalog.exercise(exercise).phase in BY_NAME for exercise in answer.exercises)
    )


def _is_unclear(verdict: Verdict) -> bool:
    """Whether the machine was too busy to tell, or the judge failed itself."""
    return verdict.status < 0 or "unclear" in verdict.states.values()


def _for_another_cause(answer: Answer, verdict: Verdict) -> bool:
    """Whether a wrong answer was rejected by all exercises that it is for, but not as its header says."""
    rejected = all("red" == verdict.states.get(exercise) for exercise in answer.exercises)
    return not answer.right and rejected and any(complaints(answer, verdict))


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("answer", JUDGED, ids=lambda answer: answer.name)
def test_an_answer_is_judged_as_its_header_says(answer: Answer, verdicts: dict[str, Verdict]) -> None:
    """A right answer passes; a wrong one is rejected by the test that it names, with the cause in the message."""
    assert [] == list(complaints(answer, verdicts[answer.name]))


def test_a_name_that_no_test_has_is_no_reason_to_run_them_all() -> None:
    """Pytest takes all that there are when it is given none."""
    with pytest.raises(ValueError, match="has a test test_nobody"):
        judge(SOLUTIONS, ["1.1"], tests=["test_nobody"])


@pytest.mark.parametrize("answer", [answer for answer in ANSWERS if not answer.right], ids=lambda answer: answer.name)
def test_a_wrong_answer_says_what_rejects_it_and_why(answer: Answer) -> None:
    """`Rejected by` names tests of the kata of each exercise that it is for, `Because` something to look for in the message."""
    named = set(answer.rejected_by.split(" or "))
    known = [kata_tests(ROOT / catalog.exercise(exercise).kata) for exercise in answer.exercises]
    assert named <= set().union(*known), "no kata has such a test"
    assert all(named & tests for tests in known), "a kata has none of these tests"
    assert answer.because, "its header needs a line `# Because: <regular expression>`"


@pytest.mark.parametrize("exercise", catalog.exercises(), ids=lambda exercise: exercise.id)
def test_every_exercise_has_enough_answers(exercise: catalog.Exercise) -> None:
    """Each exercise has at least three wrong answers and two right ones; those about waiting eight wrong ones."""
    wrong = [a for a in ANSWERS if not a.right and exercise.id in a.exercises]
    right = [a for a in ANSWERS if a.right and exercise.id in a.exercises]

    assert len(wrong) >= (8 if exercise.id in WAITING else 3)
    assert len(right) >= 2


@pytest.mark.parametrize("answer", [a for a in ANSWERS if a.right], ids=lambda answer: answer.name)
def test_a_right_answer_is_judged_by_all_exercises_on_its_files(answer: Answer) -> None:
    """A right answer names each exercise that edits one of its files, or says which it is not meant for."""
    files = {str(file.relative_to(answer.path)) for file in answer.path.rglob("*.py")}
    touched = {e.id for e in catalog.exercises() if set(e.edit) & files}

    # 1.3 and 1.5 share a file, and what is right for 1.3 may be what 1.5 is about; 2.1 is where 2.2 and 2.3 begin;
    # 0.1 and 1.1 share app/main.py with 2.7; 3.2 and 3.5 share locustfile.py, for classes of their own; those of phase 4 share
    # app/tuning.py, app/serve.py and app/benchmark.py, for functions of their own, as do 4.1 and 5.4, and 3.6 and 5.6.
    apart = {"1.1", "1.5", "2.2", "2.3", "2.7", "3.2", "3.5", "4.1", "4.2", "4.3", "4.4", "4.5", "4.6", "5.4", "5.6"}
    assert touched - set(answer.exercises) <= apart
