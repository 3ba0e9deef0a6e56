"""A learner's workspace for tests, and what a learner does in it."""

from pathlib import Path

from dojo import catalog
from dojo.stubs import NoStub, shipped
from dojo.workspace import ROOT, SOLUTIONS, Workspace

HOLE = 'raise NotImplementedError("1.1: /health has no answer yet")'
ANSWER = 'return {"status": "healthy"}'


def fresh(folder: Path) -> Path:
    """A workspace as a clone has it: given files, and the stubs as they were shipped, whatever stands in the working tree."""
    root = Workspace.at(SOLUTIONS).snapshot(folder)
    for file in {file for exercise in catalog.exercises() for file in exercise.edit}:
        try:
            stub = shipped(file)
        except NoStub:  # of an exercise that is being written
            stub = (ROOT / file).read_bytes()
        (root / file).write_bytes(stub)
    return root


def solve(workspace: Path, exercise_id: str) -> None:
    """Puts the solution of an exercise, and of all that stands in its files, into the workspace."""
    for file in catalog.exercise(exercise_id).edit:
        (workspace / file).write_bytes((SOLUTIONS / file).read_bytes())


def health(workspace: Path, answer: str = ANSWER) -> None:
    """Writes ``answer`` where the hole of 1.1 was shipped."""
    text = shipped("app/main.py").decode()
    assert HOLE in text
    (workspace / "app/main.py").write_text(text.replace(HOLE, answer), encoding="utf-8")
