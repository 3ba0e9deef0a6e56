"""What a run came to, as data: one `Result` for each exercise, put together from pytest's reports.

``--results FILE`` writes it (`record`), in the shape of version 3 of exercism's test runners with more fields. It fails closed: which
exercises there are, and what they are worth, the catalog says; what no report calls green is worth nothing.
"""

import contextlib
import json
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from dojo import catalog, witness
from dojo.evidence import visible

#: States of which there is nothing to tell.
FINE = ("green", "part")


@dataclass
class Result:
    """What came of one exercise.

    ``state`` is ``green``, ``red``, ``part`` (green as far as it was judged), ``unclear`` or ``broken`` (the dojo's own mistake).
    """

    exercise: catalog.Exercise
    state: str = "green"
    test: str = ""
    expected: str = ""
    message: str = ""
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0
    #: Pictures for the report (`dojo.witness`).
    seen: list[dict[str, Any]] = field(default_factory=list)
    #: Whether all of its tests were chosen; ``-k`` may leave out some.
    whole: bool = True

    def as_data(self) -> dict[str, Any]:
        """The result as plain data; a green one of which ``-k`` left out tests is ``part``."""
        state = "part" if self.state == "green" and not self.whole else self.state
        return {"id": self.exercise.id, "state": state, "test": self.test, "expected": self.expected, "message": self.message,
                "notes": list(self.notes), "seconds": round(self.seconds, 3), "seen": witness.newest(self.seen)}


def from_data(data: dict[str, Any]) -> Result:
    """The result that `Result.as_data` has told; raises `CatalogError` when its exercise is no more."""
    fields = {name: data[name] for name in ("state", "test", "expected", "message", "notes", "seconds")}
    return Result(catalog.exercise(data["id"]), seen=data.get("seen", []), **fields)


class Collector:
    """A pytest plugin: ``results`` grows by each exercise as its tests come in; ``judged`` holds the ids of those that are done.

    Each of ``listeners`` is told a result when the exercise's last test is over, or when the run ends before that and it is red.
    """

    def __init__(self) -> None:
        self.results: dict[str, Result] = {}
        self.judged: set[str] = set()
        self.listeners: list[Callable[[Result], None]] = []
        self._planned: dict[str, list[str]] = {}
        self._left_out: set[str] = set()

    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        """Notes which exercises are judged in part only."""
        self._left_out.update(filter(None, map(exercise_of, items)))

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Notes which tests make up which exercise."""
        config = session.config
        single = {(config.invocation_params.dir / arg.partition("::")[0]).resolve() for arg in config.args if "::" in arg}
        for item in session.items:
            if exercise_id := exercise_of(item):
                self._planned.setdefault(exercise_id, []).append(item.nodeid)
                if item.path in single:  # a test that was named
                    self._left_out.add(exercise_id)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Adds a test's outcome to its exercise."""
        exercise_id = getattr(report, "exercise", None)
        if exercise_id is None:
            return
        result = self.results.get(exercise_id)
        if result is None:
            result = self.results[exercise_id] = Result(catalog.exercise(exercise_id), whole=exercise_id not in self._left_out)
        result.seconds += report.duration
        result.notes += map(visible, getattr(report, "notes", []))
        result.seen += getattr(report, "seen", [])
        if getattr(report, "left_out", False) and result.state == "green":
            result.state = "part"
        if report.failed and result.state in FINE:
            verdict = getattr(report, "verdict", None) or {"state": "broken", "message": str(report.longrepr)}
            result.state, result.message = verdict["state"], visible(verdict["message"]).rstrip()
            result.expected = verdict.get("expected", "")
            result.test = report.nodeid.rpartition("::")[2]
        if report.when == "teardown" and self._planned[exercise_id][-1] == report.nodeid:
            self._settle(result)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """What is red stays so, whatever of it was left out by -x or an interrupt."""
        for result in list(self.results.values()):
            if result.state not in FINE:
                self._settle(result)

    def _settle(self, result: Result) -> None:
        if result.exercise.id in self.judged:
            return
        self.judged.add(result.exercise.id)
        for listener in self.listeners:
            listener(result)


def exercise_of(item: pytest.Item | pytest.Collector) -> str:
    """The id of the exercise that a test is about; empty for one that is about none."""
    mark = item.get_closest_marker("exercise")
    return str(mark.args[0]) if mark and mark.args else ""


#: What a state is called in a record; all others are an ``error``: nobody knows whether the answer is right.
STATUS = {"green": "pass", "red": "fail", "missing": "error", "part": "error", "unclear": "error", "broken": "error"}


def record(collector: Collector, asked: Iterable[catalog.Exercise], *, seed: int | None, seconds: float, trouble: str = "") -> dict[str, Any]:
    """A run as plain data, with an entry for each exercise that was ``asked`` for, in the catalog's order.

    One without a report is ``missing``. ``trouble``: why the run as a whole can't be trusted, such as that it was interrupted.
    """
    tests = []
    for number, exercise in enumerate(asked, 1):
        result = collector.results.get(exercise.id)
        if result is None or exercise.id not in collector.judged:
            result = Result(exercise, "missing", message="It was not judged to its end.", notes=result.notes if result else [])
        told = result.as_data()
        status = STATUS[told["state"]]
        tests.append({
            "name": f"{exercise.id} {exercise.title}", "status": status, "message": told["message"] or None, "output": None,
            "test_code": exercise.kata.as_posix(), "task_id": number,
            "id": exercise.id, "phase": exercise.phase, "points": exercise.points if status == "pass" and not trouble else 0,
            "max_points": exercise.points, "state": told["state"], "test": told["test"] or None, "expected": told["expected"] or None,
            "link": exercise.link, "measurements": told["notes"], "seconds": told["seconds"],
        })
    if not trouble and whole(tests) == "error":
        trouble = "Nothing was judged to its end."
    return {
        "version": 3, "status": "error" if trouble else whole(tests), "message": trouble or None,
        "points": sum(test["points"] for test in tests), "max_points": sum(test["max_points"] for test in tests),
        "seed": seed, "seconds": round(seconds, 3), "tests": tests,
    }


def whole(tests: list[dict[str, Any]]) -> str:
    """The status of all together: an ``error`` only when nothing could be judged."""
    states = {test["status"] for test in tests}
    return "pass" if states <= {"pass"} else "error" if states <= {"error"} else "fail"


def is_open(file: Path) -> bool:
    """Whether ``file`` names a file that this process was given open, into which records go one after the other."""
    return file.parent == Path("/dev/fd")


def write(data: dict[str, Any], file: Path) -> None:
    """Writes a record, all at once; as one line to an open file when ``file`` is one of /dev/fd."""
    if is_open(file):
        line = json.dumps(data).encode() + b"\n"
        while line:
            line = line[os.write(int(file.name), line):]
        return
    # What can't be encoded, in a line of the learner's, becomes the escape that JSON has for it.
    write_text(file, json.dumps(data, ensure_ascii=False, indent=2) + "\n", errors="backslashreplace")


def write_text(file: Path, text: str, errors: str = "strict") -> None:
    """Writes a file all at once: where that fails, as on a full disk, what it held before is still there."""
    unfinished = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        unfinished.write_text(text, encoding="utf-8", errors=errors)
        unfinished.replace(file)
    except BaseException:
        with contextlib.suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise
