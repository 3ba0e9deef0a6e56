"""The stubs as they were shipped, the learner's files, and the solutions: to put back, and to compare."""

import difflib
import os
import re
import secrets
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from dojo import catalog
from dojo.progress import Notebook
from dojo.workspace import ROOT, SOLUTIONS, Workspace

_HOLE = re.compile(r"(?:TODO |\")([A-Z]|\d+\.\d+)(?:, once [^:]+)?: ")


class NoStub(Exception):
    """The shipped stub can't be read; the text says why."""


def shipped(file: str) -> bytes:
    """The stub of ``file``, as the newest commit that changed katas or solutions has it, which no learner's commit does."""
    try:
        commit = _git("log", "-1", "--format=%H", "--", "solutions", "katas").decode().strip()
        return _git("show", f"{commit}:{file}")
    except (OSError, subprocess.CalledProcessError) as error:
        said = getattr(error, "stderr", b"") or str(error).encode()
        reason = said.decode(errors="replace").strip().splitlines()[:1] or ["git failed"]
        raise NoStub(f"the shipped {file} is read from git, and can't be: {reason[0]}") from None


def _git(*arguments: str) -> bytes:
    # Whoever shares a checkout with another user needs the answer as well.
    command = ["git", "-c", f"safe.directory={ROOT}", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, check=True, stdin=subprocess.DEVNULL).stdout


def reset(workspace: Workspace, exercise: catalog.Exercise) -> tuple[list[str], Path | None]:
    """Puts the shipped stubs of an exercise in the place of the learner's files.

    Which files those are, and the folder in which the learner's are kept now; None when there was nothing to keep.
    Nothing is ever overwritten: the learner's files are moved, so even what an editor writes in this moment is kept.
    """
    wanted = {file: shipped(file) for file in exercise.edit}
    changed = [file for file, stub in wanted.items() if _content(workspace.path / file) != stub]
    there = [file for file in changed if os.path.lexists(workspace.path / file)]
    kept = Notebook(workspace).kept(exercise.id) if there else None
    for file in changed:
        target = workspace.path / file
        target.parent.mkdir(parents=True, exist_ok=True)
        new = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
        new.write_bytes(wanted[file])
        if kept is not None and file in there:
            aside = kept / file
            aside.parent.mkdir(parents=True, exist_ok=True)
            os.rename(target, aside)
        os.replace(new, target)
    if changed:
        Notebook(workspace).record_reset(each.id for each in catalog.exercises() if set(changed) & set(each.edit))
    return changed, kept


def _content(file: Path) -> bytes | None:
    return file.read_bytes() if file.is_file() and not file.is_symlink() else None


@dataclass(frozen=True)
class Comparison:
    """A unified difference from the learner's ``file`` to the solution.

    ``held_back``: the exercises, not green yet, whose parts of the file are left out.
    """

    file: str
    lines: list[str]
    held_back: list[str]


def compare(workspace: Workspace, exercise: catalog.Exercise, states: Mapping[str, str], *, whole: bool = False) -> Iterator[Comparison]:
    """The differences for each file of an exercise; unless ``whole``, nothing that answers another one that isn't green yet."""
    for file in exercise.edit:
        mine = _lines((workspace.path / file).read_bytes()) if (workspace.path / file).is_file() else []
        solution = _lines((SOLUTIONS / file).read_bytes())
        others = [] if whole else [e.id for e in catalog.exercises() if file in e.edit and e != exercise and states.get(e.id) != "green"]
        if others:
            solution = _only(exercise.id, _lines(shipped(file)), solution)
        difference = difflib.unified_diff(mine, solution, f"yours/{file}", f"solutions/{file}")
        yield Comparison(file, list(difference), others)


def with_holes(workspace: Workspace, states: Mapping[str, str]) -> dict[str, str]:
    """``states`` without those green exercises whose hole is back, as after a ``git checkout`` that the history knows nothing of."""
    return {id_: state for id_, state in states.items() if state != "green" or not _has_hole(workspace, catalog.exercise(id_))}


def _has_hole(workspace: Workspace, exercise: catalog.Exercise) -> bool:
    hole = f'NotImplementedError("{exercise.id}: '.encode()
    files = [workspace.path / file for file in exercise.edit]
    return any(hole in file.read_bytes() for file in files if file.is_file())


def _lines(content: bytes) -> list[str]:
    # An editor that ends lines as Windows does has changed none of them.
    lines = content.decode(errors="replace").replace("\r\n", "\n").splitlines(keepends=True)
    return [line if line.endswith("\n") else line + "\n" for line in lines]


def _only(exercise_id: str, stub: list[str], solution: list[str]) -> list[str]:
    """The stub with the solution's text in those places alone that name this exercise."""
    result: list[str] = []
    for kind, a, b, c, d in difflib.SequenceMatcher(None, stub, solution, autojunk=False).get_opcodes():
        named = {hole for line in stub[a:b] for hole in _HOLE.findall(line)}
        result += solution[c:d] if kind == "equal" or named == {exercise_id} else stub[a:b]
    return result
