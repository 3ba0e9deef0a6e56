"""The exercises in their order: id, title, file to edit, kata, chapter and hints.

Nothing is kept twice. A kata file says its id and the files to edit (its ``pytestmark``); the
chapter in ``docs/Exercises/`` that has a heading with that id says the title and the hints.
"""

import ast
import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dojo.workspace import ROOT

_FOLDER = re.compile(r"phase(\d+(?:_\d+)?)_\w+")
_HEADING = re.compile(r"^## ([\w.]+) · (.+)$", re.M)
_HINT = re.compile(r"<details>\s*<summary>Hint (\d)</summary>(.*?)</details>", re.S)


class CatalogError(Exception):
    """A kata or a chapter breaks the form that the catalog reads; the text says which and how."""


@dataclass(frozen=True)
class Exercise:
    """One exercise; paths are relative to the root of the repository."""

    id: str
    title: str
    edit: tuple[str, ...]
    kata: Path
    chapter: Path
    hints: tuple[str, ...]
    #: What its chapter says before the hints: the goal or scenario, the task, what will be shown. Markdown.
    statement: str = ""

    @property
    def phase(self) -> str:
        """The id of its phase, such as ``"1.5"``."""
        return phase_of(self.kata.parent)

    @property
    def points(self) -> int:
        """What it is worth, here and nowhere else: one point, and none where nothing is to be edited, as that is green from the start."""
        return 1 if self.edit else 0

    @property
    def link(self) -> str:
        """Its section of the chapter, as a path with an anchor."""
        return f"{self.chapter.as_posix()}#{anchor(self.id)}"


@dataclass(frozen=True)
class Phase:
    """A folder of katas."""

    id: str
    title: str
    exercises: tuple[Exercise, ...]


def anchor(exercise_id: str) -> str:
    """The anchor of an exercise in its chapter: its id without the dot."""
    return exercise_id.replace(".", "").lower()


def phase_of(folder: Path) -> str:
    """The phase's id from the name of its folder: ``phase1_5_sync_async`` is 1.5."""
    match = _FOLDER.fullmatch(folder.name)
    if match is None:
        raise CatalogError(f"katas/{folder.name}: a phase's folder is named phase<number>_<name>")
    return match[1].replace("_", ".")


@functools.cache
def phases() -> tuple[Phase, ...]:
    """All phases in their order, each with its exercises in theirs."""
    found = []
    for folder in sorted((ROOT / "katas").glob("phase*/"), key=lambda f: float(phase_of(f))):
        if exercises := tuple(sorted(_exercises(folder), key=lambda e: _natural(e.id))):
            heading = (ROOT / exercises[0].chapter).read_text(encoding="utf-8").partition("\n")[0]
            found.append(Phase(phase_of(folder), heading.rpartition(" · ")[2], exercises))
    return tuple(found)


def forget() -> None:
    """Lets katas and chapters be read anew, as they have changed."""
    phases.cache_clear()
    _sections.cache_clear()


def exercises() -> tuple[Exercise, ...]:
    """All exercises in their order."""
    return tuple(exercise for phase in phases() for exercise in phase.exercises)


def exercise(exercise_id: str) -> Exercise:
    """The exercise with this id, which may be written as in a kata's name (``1_5``, ``a``); raises `CatalogError` with the ids that there are."""
    wanted = exercise_id.strip().lower().replace("_", ".")
    for each in exercises():
        if each.id.lower() == wanted:
            return each
    there = ", ".join(each[0].id if len(each) == 1 else f"{each[0].id} to {each[-1].id}" for each in (phase.exercises for phase in phases()))
    raise CatalogError(f"there is no exercise {exercise_id}; there are {there}")


def _natural(exercise_id: str) -> tuple[int | str, ...]:
    return tuple(int(part) if part.isdigit() else part for part in exercise_id.split("."))


def _exercises(folder: Path) -> Iterator[Exercise]:
    for kata in sorted(folder.glob("test_*.py")):
        exercise_id, edit = _mark(kata)
        chapter, title, text = _section(exercise_id)
        hints = tuple(hint.strip() for _, hint in sorted(_HINT.findall(text)))
        yield Exercise(exercise_id, title, edit, kata.relative_to(ROOT), chapter.relative_to(ROOT), hints, _statement(text))


def _statement(section: str) -> str:
    paragraphs = section.partition("<details>")[0].strip().split("\n\n")
    return "\n\n".join(p for p in paragraphs if not p.startswith("Edit: ")).strip()


def _mark(kata: Path) -> tuple[str, tuple[str, ...]]:
    """The arguments of ``pytestmark = exercise(…)``, read without running the file."""
    try:
        body = ast.parse(kata.read_text(encoding="utf-8")).body
    except SyntaxError as error:
        raise CatalogError(f"{kata.relative_to(ROOT)}:{error.lineno}: it can't be read: {error.msg}") from None
    for node in body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            target, call = node.targets[0], node.value
            if isinstance(target, ast.Name) and target.id == "pytestmark" and call.args:
                edit = next((ast.literal_eval(k.value) for k in call.keywords if k.arg == "edit"), ())
                return str(ast.literal_eval(call.args[0])), (edit,) if isinstance(edit, str) else tuple(edit)
    raise CatalogError(f"{kata.relative_to(ROOT)}: no `pytestmark = exercise(\"<id>\", edit=\"<file>\")`")


@functools.cache
def _sections() -> dict[str, tuple[Path, str, str]]:
    sections = {}
    for chapter in sorted((ROOT / "docs" / "Exercises").glob("*.md")):
        text = chapter.read_text(encoding="utf-8")
        headings = list(_HEADING.finditer(text))
        for heading, end in zip(headings, [*(each.start() for each in headings[1:]), len(text)], strict=False):
            body = text[heading.end(): end]
            sections[heading[1]] = (chapter, heading[2].strip(), body)
    return sections


def _section(exercise_id: str) -> tuple[Path, str, str]:
    try:
        return _sections()[exercise_id]
    except KeyError:
        raise CatalogError(f"no chapter in docs/Exercises/ has a heading `## {exercise_id} · <title>`") from None
