"""One run of the judge over a submission, as grading sees it; and what two of them tell together."""

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from dojo import catalog
from dojo.results import STATUS
from dojo.submission import printable

#: What another attempt may still tell, from what says least.
_OPEN = ("missing", "broken", "unclear")


@dataclass
class Attempt:
    """What a run of the judge has told; ``tests`` holds a verdict for each exercise that was asked for, in their order."""

    tests: dict[str, dict[str, Any]]
    #: Why it can't be trusted, which is none of the submission's doing; and what of it is.
    trouble: str = ""
    own_fault: str = ""
    #: The end of what the judge itself said, for whoever looks for a mistake in a kata.
    said: str = ""
    remarks: list[str] = field(default_factory=list)
    complete: bool = False
    seconds: float = 0.0
    peak_memory: int = 0

    @classmethod
    def told_by(cls, told: dict[str, Any], exercises: Sequence[catalog.Exercise], patience: float, seconds: float) -> "Attempt":
        """What the warden tells of a run for ``exercises``, and of no others, whatever the record says."""
        attempt = cls({}, str(told.get("lost", "")), "", _end_of(told), list(told.get("remarks", ())), False, seconds, told.get("peak_memory", 0))
        record: Any = {}
        if not attempt.trouble:
            try:
                record = json.loads(told["record"])
            except ValueError:
                record = {}
            record = record if isinstance(record, dict) else {}
            attempt.complete = bool(record.get("complete"))
            if told["timed_out"]:
                attempt.own_fault = f"It was not judged within {patience:g} s, the time limit of the whole."
            elif not attempt.complete:
                attempt.trouble = f"the judge ended ({told['status']}) before it had judged all: {attempt.said}"
            elif told["status"] not in (0, 1):  # somebody may have ended it when they had written a record of their own
                attempt.trouble = f"the judge did not come to its own end ({told['status']}): {attempt.said}"
        by_id = {test.get("id"): test for test in record.get("tests", ()) if isinstance(test, dict) and test.get("state") in STATUS}
        for exercise in exercises:
            test = by_id.get(exercise.id) or unjudged(exercise, attempt.own_fault or attempt.trouble)
            if test["state"] == "missing" and attempt.own_fault:
                test = {**test, "message": attempt.own_fault}
            attempt.tests[exercise.id] = test
        return attempt

    def having(self, *states: str) -> list[str]:
        """The exercises in one of these states."""
        return [each for each, test in self.tests.items() if test["state"] in states]

    @property
    def grader_error(self) -> str:
        """What went wrong without the submission's part in it; empty when nothing did."""
        broken = self.having("broken")
        return self.trouble or (f"the katas of {', '.join(broken)} failed themselves: {self.said}" if broken else "")

    @property
    def open(self) -> bool:
        """Whether another attempt may tell more."""
        return bool(self.grader_error or self.having("unclear"))

    def with_another(self, other: "Attempt") -> "Attempt":
        """Both together. What this one has seen stays, red or green: the other had the same seed, and tells of what was left open."""
        if other.grader_error and not self.grader_error:  # then it tells nothing
            return dataclasses.replace(self, seconds=self.seconds + other.seconds)

        def more_told(one: dict[str, Any], another: dict[str, Any]) -> dict[str, Any]:
            rank = {state: number for number, state in enumerate(_OPEN)}
            return another if one["state"] in rank and rank.get(another["state"], len(rank)) > rank[one["state"]] else one

        tests = {each: more_told(test, other.tests[each]) for each, test in self.tests.items()}
        both = Attempt(tests, self.trouble and other.trouble, "", other.said, list(dict.fromkeys([*self.remarks, *other.remarks])),
                       self.complete or other.complete, self.seconds + other.seconds, max(self.peak_memory, other.peak_memory))
        if both.having("missing"):
            both.own_fault = other.own_fault if self.trouble else self.own_fault
        return both


def unjudged(exercise: catalog.Exercise, why: str) -> dict[str, Any]:
    """What is told of an exercise of which nothing is known."""
    return {"name": f"{exercise.id} {exercise.title}", "status": "error", "message": why or "It was not judged.", "output": None,
            "test_code": exercise.kata.as_posix(), "id": exercise.id, "phase": exercise.phase, "state": "missing", "test": None, "expected": None,
            "link": exercise.link, "measurements": [], "seconds": 0.0}


def _end_of(told: dict[str, Any]) -> str:
    return printable(" ".join(str(told.get("said", "")).split())[-600:], 600)
