"""What a learner has done so far: the history of runs, what came of each exercise last, and the tracker.

All of it lies in the folder ``.dojo`` of the workspace, which git ignores. Only the history counts,
and it only grows: a line for each run. A line that a full disk or a crash has cut short is passed over.
"""

import contextlib
import datetime
import json
import os
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from dojo import catalog
from dojo.results import Result, from_data, write
from dojo.terminal import level_of
from dojo.workspace import ROOT, Workspace

FOLDER = ".dojo"
TRACKER = Path("docs/Exercises/exercise-tracker.md")

_TRACKER_HEAD = """\
# Exercise tracker

`nox -s progress` writes this file anew from what the katas came to on your machine. A tick says
that the exercise was green when it was last judged as a whole.

"""


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


class Notebook:
    """The folder ``.dojo`` of one workspace; it is made when something is first written."""

    def __init__(self, workspace: Workspace) -> None:
        self.folder = workspace.path / FOLDER

    def record(self, results: Iterable[Result], *, quick: bool = False) -> None:
        """Adds a run to the history, and keeps what was seen in it."""
        told = [result.as_data() for result in results]
        if not told:
            return
        when = _now()
        self._add({"when": when, "quick": quick, "exercises": {data["id"]: {"state": data["state"], "seconds": data["seconds"]} for data in told}})
        for data in told:
            self._write(f"latest/{data['id']}.json", {"when": when, **data})

    def record_reset(self, ids: Iterable[str]) -> None:
        """Notes in the history that the stubs of these exercises were put back: nothing is known of them any more."""
        self._add({"when": _now(), "quick": False, "exercises": {exercise_id: {"state": "reset"} for exercise_id in ids}})

    def _add(self, run: dict[str, Any]) -> None:
        line = json.dumps(run, ensure_ascii=False) + "\n"
        self._make()
        with open(self.folder / "history.jsonl", "ab+", buffering=0) as file:  # each write is one piece, also beside another run's
            # In front of it a new line, should the last one have been cut short.
            if file.seek(0, os.SEEK_END):
                file.seek(-1, os.SEEK_END)
                line = line if file.read(1) == b"\n" else "\n" + line
            file.write(line.encode())

    def states(self) -> dict[str, str]:
        """For each exercise that was ever judged its state now: that of its last run.

        A run that judged it in part and found nothing wrong takes nothing back.
        """
        states: dict[str, str] = {}
        for run in self._runs():
            for exercise_id, came in run["exercises"].items():
                if came["state"] == "reset":
                    states.pop(exercise_id, None)
                elif came["state"] != "part" or states.get(exercise_id) != "green":
                    states[exercise_id] = came["state"]
        return states

    def runs(self) -> int:
        """How many runs the history holds."""
        return sum(1 for _ in self._runs())

    def latest(self, exercise_id: str) -> Result | None:
        """What the exercise's last run came to, with its message; None when there was none."""
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError, catalog.CatalogError):
            return from_data(json.loads((self.folder / "latest" / f"{exercise_id}.json").read_text(encoding="utf-8")))
        return None

    def hints(self, exercise_id: str) -> int:
        """How many of its hints were shown."""
        return self._hints().get(exercise_id, 0)

    def note_hints(self, exercise_id: str, shown: int) -> None:
        """Remembers that so many of its hints were shown."""
        self._write("hints.json", {**self._hints(), exercise_id: shown})

    def kept(self, name: str) -> Path:
        """A new folder, whose name begins with ``name``, for what is put aside."""
        stamp = datetime.datetime.now().strftime("%Y-%m-%d-%H%M%S")
        self._make()
        kept = self.folder / "kept" / f"{name}-{stamp}"
        while True:
            try:
                kept.mkdir(parents=True)
                return kept
            except FileExistsError:  # twice in one second
                kept = kept.with_name(f"{name}-{stamp}-{secrets.token_hex(2)}")

    def _runs(self) -> Iterable[dict[str, Any]]:
        try:
            lines = (self.folder / "history.jsonl").read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return
        for line in lines:
            with contextlib.suppress(ValueError, KeyError, TypeError, AttributeError):
                run = json.loads(line)
                yield {**run, "exercises": {str(k): {"state": str(v["state"])} for k, v in run["exercises"].items()}}

    def _hints(self) -> dict[str, int]:
        with contextlib.suppress(OSError, ValueError, AttributeError):
            return {str(k): int(v) for k, v in json.loads((self.folder / "hints.json").read_text(encoding="utf-8")).items()}
        return {}

    def _make(self) -> None:
        self.folder.mkdir(exist_ok=True)
        with contextlib.suppress(FileExistsError), open(self.folder / ".gitignore", "x", encoding="utf-8") as file:
            file.write("*\n")  # a workspace may be a repository of its own

    def _write(self, name: str, data: dict[str, Any]) -> None:
        """Writes a file whole or not at all."""
        self._make()
        target = self.folder / name
        target.parent.mkdir(exist_ok=True)
        write(data, target)


def tracker(states: Mapping[str, str]) -> str:
    """The text of the tracker: always the same rows in the same order, so that a difference shows only what has changed."""
    lines = ["| phase | green |", "|---|---|"]
    for phase in catalog.phases():
        green = sum(states.get(e.id) == "green" for e in phase.exercises)
        lines.append(f"| {phase.id} · {phase.title} | {green} of {len(phase.exercises)}{_level(phase, states)} |")
    for phase in catalog.phases():
        lines += ["", f"## Phase {phase.id} · {phase.title}", ""]
        for exercise in phase.exercises:
            link = f"{exercise.chapter.name}#{catalog.anchor(exercise.id)}"
            lines.append(f"- [{'x' if states.get(exercise.id) == 'green' else ' '}] {exercise.id} · [{exercise.title}]({link})")
    return _TRACKER_HEAD + "\n".join(lines) + "\n"


def _level(phase: catalog.Phase, states: Mapping[str, str]) -> str:
    """What the phase's count is worth, once all of its exercises were judged."""
    if any(e.id not in states for e in phase.exercises):
        return ""
    return level_of(phase.id, sum(states[e.id] == "green" for e in phase.exercises))


def tracker_of(workspace: Workspace) -> Path:
    """Where a workspace's tracker lies: the root's stands in the documentation."""
    return ROOT / TRACKER if workspace.path == ROOT else workspace.path / FOLDER / TRACKER.name
