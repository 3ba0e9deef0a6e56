"""The commands of a learner's day, but for the watch: next, list, hint, reset, compare, progress.

Each takes the parsed command line and returns the exit status. All of them work without a terminal.
"""

import argparse
import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Iterator

from rich.console import Console, RenderableType
from rich.status import Status
from rich.text import Text

from dojo import catalog
from dojo.evidence import cut
from dojo.judge import Judge
from dojo.progress import Notebook, tracker, tracker_of
from dojo.results import FINE, Result, from_data
from dojo.show import WORDS, Printer, difference, markdown
from dojo.stubs import Comparison, compare, reset, with_holes
from dojo.workspace import ROOT, Workspace

#: States that stop nobody: the exercise is solved, or this machine can't judge it.
PASSED = ("green", "unclear")


def workspace_of(arguments: argparse.Namespace) -> Workspace:
    """The workspace that a command is about; raises `NotAWorkspace`."""
    return Workspace.at(ROOT if arguments.workspace == "." else arguments.workspace)


def first_open(states: dict[str, str]) -> catalog.Exercise | None:
    """The first exercise that isn't solved; None when all are."""
    return next((e for e in catalog.exercises() if states.get(e.id) not in PASSED), None)


def chosen(arguments: argparse.Namespace, notebook: Notebook) -> catalog.Exercise:
    """The exercise that was asked for, or else the first that isn't solved."""
    if arguments.exercise:
        return catalog.exercise(arguments.exercise)
    return first_open(notebook.states()) or catalog.exercises()[-1]


# -- next


def next_(arguments: argparse.Namespace) -> int:
    """Judges from the first exercise that isn't solved up to one that is red, and tells what it asks for and what its failure shows."""
    workspace = workspace_of(arguments)
    return asyncio.run(_next(workspace, Judge(workspace, quick=arguments.quick)))


async def _next(workspace: Workspace, judge: Judge) -> int:
    out, notebook = Printer(), Notebook(workspace)
    passed: set[str] = set()
    async with _closing(judge):
        while exercise := _following(notebook.states(), passed):
            result = await judged(judge, exercise)
            passed.add(exercise.id)
            if result.state in FINE:
                out.print(out.head(exercise, result.state))
            elif result.state == "unclear":
                out.print(*out.verdict(result), "")
            else:
                seen = out.verdict(result)
                out.print(seen[0], "", markdown(exercise.statement), "", "  What its failure shows:", *seen[1:])
                out.print("", *_what_to_do(exercise))
                return 0
    states = notebook.states()
    unclear = [e.id for e in catalog.exercises() if states.get(e.id) == "unclear"]
    left = f" This machine could not judge {', '.join(unclear)}." if unclear else ""
    out.print(Text(f"Nothing is red any more.{left}", "green"))
    return 0


def _following(states: dict[str, str], passed: set[str]) -> catalog.Exercise | None:
    return next((e for e in catalog.exercises() if e.id not in passed and states.get(e.id) != "green"), None)


def _what_to_do(exercise: catalog.Exercise) -> Iterator[RenderableType]:
    if exercise.edit:
        yield f"  Edit {' and '.join(exercise.edit)}, then look again: nox -s next"
    yield "  Or let every save be judged: nox -s watch"


@contextlib.asynccontextmanager
async def _closing(judge: Judge) -> AsyncIterator[None]:
    try:
        yield
    finally:
        await judge.close()


async def judged(judge: Judge, exercise: catalog.Exercise) -> Result:
    """What an exercise comes to; a terminal shows meanwhile how far it is. Raises `JudgeGone`."""
    # Beside the results, so that those can be sent somewhere.
    with Status(f"judging {exercise.id} …", console=Console(stderr=True, highlight=False)) as status:
        result, trouble = None, ""
        async for told in judge.judge(exercise.id):
            if "test" in told:
                status.update(f"judging {exercise.id} · test {told['test']} of {told['of']}")
            result = from_data(told["result"]) if "result" in told else result
            trouble = told.get("trouble", trouble)
    return result or broken(exercise, trouble)


def broken(exercise: catalog.Exercise, trouble: str) -> Result:
    """The result of a judging that gave none: the dojo's own mistake."""
    return Result(exercise, "broken", message=trouble or "The judging ended without a verdict.")


# -- list, progress


def list_(arguments: argparse.Namespace) -> int:
    """All exercises: state and points."""
    out = Printer()
    out.print(*listing(out, Notebook(workspace_of(arguments)).states()))
    return 0


def listing(out: Printer, states: dict[str, str], current: str = "") -> Iterator[RenderableType]:
    """The lines of `list_`."""
    room = max(10, min(40, out.width - 30))  # for titles; in a narrow terminal a row stays a row
    for phase in catalog.phases():
        yield Text(f"Phase {phase.id} · {phase.title}", "bold")
        for exercise in phase.exercises:
            state = states.get(exercise.id, "")
            points = "·" if not exercise.points else f"{exercise.points if state == 'green' else 0}/{exercise.points}"
            told = "" if state == "green" else WORDS[state]
            arrow = ("> " if out.plain else "→ ") if exercise.id == current else "  "
            yield Text.assemble(arrow, out.sign(state), f" {exercise.id:<4} {cut(exercise.title, room):<{room}} {points:>3}  ", told)
        yield ""
    solved = [e for e in catalog.exercises() if states.get(e.id) == "green"]
    yield (f"{len(solved)} of {len(catalog.exercises())} exercises are green, "
           f"{sum(e.points for e in solved)} of {sum(e.points for e in catalog.exercises())} points")


def progress(arguments: argparse.Namespace) -> int:
    """Rewrites the tracker from the history, and shows each phase in a line."""
    workspace, out = workspace_of(arguments), Printer()
    notebook = Notebook(workspace)
    states = {} if arguments.blank else notebook.states()
    for phase in catalog.phases():
        green = sum(states.get(e.id) == "green" for e in phase.exercises)
        signs = Text.assemble(*(out.sign(states.get(e.id, "")) for e in phase.exercises))
        out.print(Text.assemble(f"phase {phase.id:<4} {phase.title:<36.36} {green:>2} of {len(phase.exercises):<2}  ", signs))
    file, text = tracker_of(workspace), tracker(states)
    name = file.relative_to(workspace.path)
    if file.exists() and file.read_text(encoding="utf-8") == text:
        out.print("", f"{name} says so already.")
        return 0
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    out.print("", f"{name} is written.")
    return 0


# -- hint


def hint(arguments: argparse.Namespace) -> int:
    """One more hint of an exercise each time; after the last, where to read on."""
    notebook, out = Notebook(workspace_of(arguments)), Printer()
    exercise = chosen(arguments, notebook)
    number = None if arguments.number is None else min(max(arguments.number, 1), len(exercise.hints))
    out.print(*next_hint(exercise, notebook, number))
    return 0


def next_hint(exercise: catalog.Exercise, notebook: Notebook, number: int | None = None, *, key: str = "") -> Iterator[RenderableType]:
    """The hint with that number, or the one after those that were shown; that it was shown is remembered.

    ``key``: what shows the next one where a command would be a detour.
    """
    count = len(exercise.hints)
    shown = notebook.hints(exercise.id)
    number = shown + 1 if number is None else number
    command = f"nox -s hint -- {exercise.id}"
    if number > count:
        yield f"{exercise.id}  {exercise.title}   ·   all {count} hints were shown"
        yield ""
        yield f"  Read on in {exercise.link}"
        yield f"  The hints again: {key or f'{command} 1'}"
        return
    with contextlib.suppress(OSError):  # forgotten, then
        notebook.note_hints(exercise.id, max(shown, number))
    yield f"{exercise.id}  {exercise.title}   ·   hint {number} of {count}"
    yield ""
    yield markdown(exercise.hints[number - 1])
    yield ""
    following = key or (command if number >= shown else f"{command} {number + 1}")  # without a number comes what was never shown
    yield f"  The next one: {following}" if number < count else f"  That was the last one. Read on in {exercise.link}"


# -- reset, compare


def reset_(arguments: argparse.Namespace) -> int:
    """Puts the shipped stub in the place of the learner's file, which is kept."""
    workspace, out = workspace_of(arguments), Printer()
    out.print(*put_back(workspace, catalog.exercise(arguments.exercise)), wide=True)
    return 0


def put_back(workspace: Workspace, exercise: catalog.Exercise) -> Iterator[RenderableType]:
    """Does what `reset_` says, and tells about it; raises `NoStub` or ``OSError``, with nothing lost."""
    if not exercise.edit:
        yield f"{exercise.id} asks to edit nothing, so there is nothing to put back."
        return
    files, kept = reset(workspace, exercise)
    if not files:
        yield f"{' and '.join(exercise.edit)} {'is' if len(exercise.edit) == 1 else 'are'} as shipped; nothing was changed."
        return
    yield f"{' and '.join(files)} {'is' if len(files) == 1 else 'are'} as shipped again."
    if kept is not None:
        place = kept.relative_to(workspace.path).as_posix()
        yield f"Yours {'is' if len(files) == 1 else 'are'} kept in {place}/. To have it back:"
        for file in files:
            if (kept / file).exists():
                yield f"  cp {place}/{file} {file}"
    if others := [e.id for e in catalog.exercises() if e != exercise and set(files) & set(e.edit)]:
        yield f"Put back with it: {', '.join(others)}, in the same file."


def compare_(arguments: argparse.Namespace) -> int:
    """Shows the difference to the solution; for an exercise that isn't green only when that is said to be wanted."""
    workspace, out = workspace_of(arguments), Printer()
    exercise = catalog.exercise(arguments.exercise)
    states = with_holes(workspace, Notebook(workspace).states())
    if question := warning(exercise, states.get(exercise.id, "")):
        if not arguments.yes and not sys.stdin.isatty():
            print(f"dojo: {question} Say --yes to see the answer all the same.", file=sys.stderr)
            return 2
        if not arguments.yes and not _agreed(f"{question} See the answer all the same? [y/N] "):
            print("The answer was not shown.")
            return 1
    out.print(*differences(workspace, exercise, states, arguments.whole), wide=True)
    return 0


def _agreed(question: str) -> bool:
    try:
        return input(question).strip().lower() in ("y", "yes")
    except EOFError:
        print()
        return False


def warning(exercise: catalog.Exercise, state: str) -> str:
    """Why not to look at an exercise's answer yet; empty when it is green."""
    return "" if state == "green" or not exercise.edit else f"{exercise.id} is {WORDS[state]}."


def differences(workspace: Workspace, exercise: catalog.Exercise, states: dict[str, str], whole: bool = False) -> Iterator[RenderableType]:
    """What `compare_` shows; raises `NoStub`."""
    if not exercise.edit:
        yield f"{exercise.id} asks to edit nothing, so there is nothing to compare."
    for comparison in compare(workspace, exercise, states, whole=whole):
        yield from _told(comparison, exercise)


def _told(comparison: Comparison, exercise: catalog.Exercise) -> Iterator[RenderableType]:
    if comparison.lines:
        yield difference(comparison.lines)
    elif comparison.held_back:
        yield f"{comparison.file}: nothing that belongs to {exercise.id} alone is different."
    else:
        yield f"{comparison.file} is the same as in solutions/."
    if comparison.held_back:
        yield f"Left out: what would answer {', '.join(comparison.held_back)}, in the same file. All of it: nox -s compare -- {exercise.id} --whole"
