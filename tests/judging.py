"""Judges answers: other people's solutions, right and wrong, each laid over ``solutions/``.

An answer's edit file begins with comments that say what must come of it::

    # Wrong answer to 1.5: every request waits behind one lock.
    # Rejected by: test_requests_wait_together
    # Because: app/routers/predict.py:21

``Rejected by`` may name several tests, with "or" between, where it depends on the number of CPUs;
``Because`` is a regular expression that the failure's message has to contain, whose line breaks count as blanks.
It may stand several times. One answer may be to several exercises: ``Wrong answer to 2.1, 2.2: …``.
"""

import atexit
import contextlib
import functools
import io
import multiprocessing
import os
import re
import threading
import traceback
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from dojo import catalog
from dojo import engine as engines
from dojo.launch import ForkServer
from dojo.services import Services
from dojo.workspace import ANSWERS, ROOT

_HEAD = re.compile(r"^# (Wrong|Right) answer to ([\w., ]+?): (.+)$", re.M)
_REJECTED = re.compile(r"^# Rejected by: (\w+(?: or \w+)*)$", re.M)
_BECAUSE = re.compile(r"^# Because: (.+)$", re.M)


@dataclass(frozen=True)
class Answer:
    """One answer, and what its header says of it."""

    path: Path
    right: bool
    exercises: tuple[str, ...]
    summary: str
    rejected_by: str = ""
    because: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """``wrong/1_5_lock_around_the_wait``."""
        return str(self.path.relative_to(ANSWERS))


def needs_engine(answer: Answer) -> bool:
    """Whether it takes a container engine to judge an answer as its header says."""
    return any(tests and (answer.right or not set(answer.rejected_by.split(" or ")).isdisjoint(tests))
               for tests in map(engine_tests, answer.exercises))


@functools.cache
def engine_tests(exercise: str) -> frozenset[str]:
    """The tests of a kata that look at an image or a container."""
    text = (ROOT / catalog.exercise(exercise).kata).read_text(encoding="utf-8")
    return frozenset(re.findall(r'^@tier\("(?:image|behavior)"\)\n(?:@.*\n)*(?:async )?def (\w+)', text, re.M))


@functools.cache
def kata_tests(kata: Path) -> frozenset[str]:
    """The names of a kata's tests."""
    return frozenset(re.findall(r"^(?:async )?def (test_\w+)\(", kata.read_text(encoding="utf-8"), re.M))


@functools.cache
def engine() -> str:
    """The container engine that answers here; empty when there is none, which ``KATA_REQUIRE_ENGINE=1`` makes an error."""
    try:
        return engines.find()[0]
    except engines.NoEngine:
        if os.environ.get(engines.REQUIRED):
            raise
        return ""


def answers() -> list[Answer]:
    """All answers, in the order of their names; raises ``ValueError`` for one without its header."""
    return [_read(path) for kind in ("right", "wrong") for path in sorted((ANSWERS / kind).iterdir())]


def _read(path: Path) -> Answer:
    for file in sorted(path.rglob("*")):
        text = file.read_text(encoding="utf-8") if file.is_file() else ""
        if head := _HEAD.search(text):
            rejected = _REJECTED.search(text)
            return Answer(path, head[1] == "Right", tuple(re.split(r", *", head[2])), head[3],
                          rejected[1] if rejected else "", tuple(_BECAUSE.findall(text)))
    raise ValueError(f"{path}: no file begins with `# Wrong answer to …` or `# Right answer to …`")


@dataclass
class Verdict:
    """What came of one judged workspace: for each exercise its state, and for a red one the test and the message."""

    states: dict[str, str] = field(default_factory=dict)
    tests: dict[str, str] = field(default_factory=dict)
    messages: dict[str, str] = field(default_factory=dict)
    shown: str = ""
    status: int = 0
    seconds: float = 0.0

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """As a pytest plugin, collects the outcomes."""
        exercise = getattr(report, "exercise", None)
        if exercise is None:
            return
        self.seconds += report.duration
        if report.failed and self.states.get(exercise, "green") == "green":
            verdict = getattr(report, "verdict", None) or {"state": "broken", "message": str(report.longrepr)}
            self.states[exercise] = verdict["state"]
            self.tests[exercise] = report.nodeid.rpartition("::")[2].partition("[")[0]
            self.messages[exercise] = verdict["message"]
        self.states.setdefault(exercise, "green")


@dataclass(eq=False)
class _Shared:
    """As a pytest plugin without hooks, what several judge runs in one process have in common."""

    thing: Any


_server: list[ForkServer] = []
_services = Services()


def judge(workspace: Path, exercises: Iterable[str] = (), options: Iterable[str] = (), plugins: Iterable[object] = (),
          tests: Iterable[str] = ()) -> Verdict:
    """Runs the katas of ``exercises`` (all, when empty) against ``workspace``, in this process, beside more ``plugins`` of pytest.

    ``tests``: the only tests to run of these katas (default: all).
    """
    if not _server:
        _server.append(ForkServer())
        atexit.register(_server[0].close)
        atexit.register(_services.close)
    verdict = Verdict()
    katas = [str(ROOT / catalog.exercise(each).kata) for each in exercises] or [str(ROOT / "katas")]
    tests = list(tests)
    if tests:
        katas = [f"{kata}::{test}" for kata in katas for test in tests if test in kata_tests(Path(kata))]
        if not katas:  # without any, pytest would take all that there are
            raise ValueError(f"no kata of these exercises has a test {' or '.join(tests)}")
    shown = io.StringIO()

    class Plugins:
        @pytest.hookimpl(tryfirst=True)  # the dojo's own looks for them
        def pytest_configure(self, config: pytest.Config) -> None:
            for name, plugin in (("verdict", verdict), ("dojo-fork-server", _Shared(_server[0])), ("dojo-services", _Shared(_services))):
                config.pluginmanager.register(plugin, name)

    arguments = ["--rootdir", str(ROOT), "-c", str(ROOT / "pyproject.toml"), "--workspace", str(workspace), *options, *katas]
    with contextlib.redirect_stdout(shown):
        verdict.status = int(pytest.main(arguments, plugins=[Plugins(), *plugins]))
    verdict.shown = shown.getvalue()
    if verdict.status not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):  # a test that began, and of whose end nothing is known, isn't green
        for exercise, state in verdict.states.items():
            if state == "green":
                verdict.states[exercise], verdict.messages[exercise] = "broken", verdict.shown
    return verdict


def judge_answer(answer: Answer, named: bool = False) -> Verdict:
    """The verdict on the exercises that an answer's header names; with ``named`` a wrong answer's by the tests that have to reject it alone.

    A judge that fails itself is told as *broken* of this answer, so that one failure doesn't hide the verdicts on all others.
    """
    try:
        return judge(answer.path, answer.exercises, tests=answer.rejected_by.split(" or ") if named and not answer.right else ())
    except Exception:
        trace = traceback.format_exc()
        return Verdict(dict.fromkeys(answer.exercises, "broken"), messages=dict.fromkeys(answer.exercises, trace), shown=trace, status=-1)


def complaints(answer: Answer, verdict: Verdict) -> Iterator[str]:
    """What came of ``answer`` against what its header says; nothing when they agree."""
    for exercise in answer.exercises:
        state, test = verdict.states.get(exercise, "not run"), verdict.tests.get(exercise, "")
        message = verdict.messages.get(exercise, "")
        if answer.right:
            if state != "green":
                yield f"{exercise} is {state} at {test}, though the answer is right:\n{message}"
        elif state != "red":
            yield f"{exercise} is {state}, though the answer is wrong\n{message}"
        elif test not in answer.rejected_by.split(" or "):
            yield f"{exercise} was rejected by {test}, not by {answer.rejected_by}:\n{message}"
        else:
            flat = " ".join(message.split())
            missing = [b for b in answer.because if not re.search(b, flat) and not re.search(b, message)]
            if missing:
                yield f"{exercise}: the message doesn't say {missing}:\n{message}"
            if not answer.because:
                yield f"{exercise}: its header has no line `# Because: <regular expression>`"


def _end_with_parent() -> None:
    """Ends this process when its parent is gone, even if that was killed: a pool's worker would wait for work for ever."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def judge_all(chosen: list[Answer], jobs: int, named: Collection[Answer] = ()) -> Iterator[tuple[Answer, Verdict]]:
    """The verdicts on ``chosen``, by ``jobs`` processes side by side; on those in ``named`` as `judge_answer` says of it."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context, initializer=_end_with_parent) as pool:
        yield from zip(chosen, pool.map(judge_answer, chosen, [answer in named for answer in chosen]), strict=True)
