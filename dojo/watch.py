"""``dojo watch``: judges at each save, and goes on when an exercise is green.

Files change, keys are pressed, and the preloaded judge tells how it goes: all of it comes through one queue to one loop. What is
known stands in `Watch`, and the screen is drawn whole from it whenever something has changed. Without a terminal each verdict is
printed as plain text, and there are no keys; so it is in one that can't be drawn on.
"""

import argparse
import asyncio
import contextlib
import os
import signal
import sys
import textwrap
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from rich.console import RenderableType
from rich.text import Text
from watchfiles import awatch

from dojo import catalog
from dojo.judge import Judge, JudgeGone
from dojo.keys import Terminal
from dojo.learn import broken, differences, first_open, listing, next_hint, put_back, warning, workspace_of
from dojo.progress import Notebook
from dojo.results import Result, from_data
from dojo.show import Printer, markdown
from dojo.stubs import NoStub, with_holes
from dojo.workspace import EDITABLE, ROOT, Workspace

#: An editor may replace a file by deleting it first: one that is gone is waited for so long, in seconds.
BACK_AGAIN = 0.3
#: How long a judging takes before the screen says that it runs, in seconds.
UNSEEN = 0.25
#: How long nothing of the dojo's own may change before it is imported anew: an update changes many files. In seconds.
SETTLED = 0.7
#: How often files are looked at where there are no events, in milliseconds.
POLL = 300
#: The watcher gathers events for two steps of so many milliseconds before it tells.
STEP, SLOW_STEP = 15, 200

#: What another judge is started for.
OWN = ("katas", "dojo", "docs/Exercises")


class Files:
    """What a learner edits, and what judges it."""

    def __init__(self, workspace: Workspace, poll: bool) -> None:
        self._root = workspace.path
        self._poll = poll

    def state(self) -> dict[str, tuple[int, ...]]:
        """Each file that is judged, with numbers that change whenever it is written."""
        found: dict[str, tuple[int, ...]] = {}
        for name in EDITABLE:
            for file in (self._root / name, *(self._root / name).rglob("*")):
                hidden = any(part == "__pycache__" or part.startswith(".") for part in file.relative_to(self._root).parts)
                if hidden and name != ".dockerignore":
                    continue
                with contextlib.suppress(OSError):
                    if file.is_file():
                        seen = file.stat()
                        found[str(file.relative_to(self._root))] = (seen.st_mtime_ns, seen.st_size, seen.st_ino)
        return found

    async def follow(self, changed: Callable[[bool], None]) -> None:
        """Calls ``changed`` whenever a file may have changed, with whether it is one of the dojo's own."""
        app = self._root / "app"
        replaced = asyncio.Event()
        known = _inode(app)

        async def follow_app() -> None:
            while True:
                replaced.clear()
                if app.is_dir():
                    async for _ in self._watch(app, stop=replaced):
                        changed(False)
                else:
                    await replaced.wait()

        async def follow_root() -> None:
            nonlocal known
            async for _ in self._watch(self._root, recursive=False):
                if known != (known := _inode(app)):  # nobody would hear of changes in a folder that has taken another's place
                    replaced.set()
                changed(False)

        async def follow_own() -> None:
            async for _ in self._watch(*(ROOT / name for name in OWN), step=SLOW_STEP):
                changed(True)

        async with asyncio.TaskGroup() as group:
            for task in (follow_app, follow_root, follow_own):
                group.create_task(task())

    def _watch(self, *paths: Path, recursive: bool = True, step: int = STEP, stop: asyncio.Event | None = None) -> AsyncIterator[object]:
        return awatch(*paths, recursive=recursive, step=step, debounce=4 * step, stop_event=stop, force_polling=self._poll or None,
                      poll_delay_ms=POLL, ignore_permission_denied=True)


def _inode(path: Path) -> int:
    try:
        return path.stat().st_ino
    except OSError:
        return 0


class Watch:
    """One watch, from its first verdict to ``q``."""

    def __init__(self, workspace: Workspace, exercise: catalog.Exercise, *, poll: bool, quick: bool) -> None:
        self._workspace = workspace
        self._notebook = Notebook(workspace)
        self._states = self._notebook.states()
        self._files = Files(workspace, poll)
        self._judge = Judge(workspace, quick=quick)
        self._out = Printer()
        drawn = sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"  # such as an editor's shell
        self._terminal = Terminal(lambda key: self._tell("key", key)) if drawn else None
        self._news: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
        self._current = exercise
        #: What came of the current one; None while nothing is known.
        self._result: Result | None = None
        #: The one that has become green last.
        self._finished: catalog.Exercise | None = None
        #: The hint that is shown, and its number; 0 for none.
        self._hint: list[RenderableType] = []
        self._hinted = 0
        #: What covers the verdict until a key is pressed, and what was asked: the words, and what a yes does.
        self._page: list[RenderableType] | None = None
        self._question: tuple[str, Callable[[], None]] | None = None
        #: The first line that is shown, where not all fit.
        self._top = 0
        self._judging: asyncio.Task[None] | None = None
        self._began, self._far, self._verdict_is_in, self._again = 0.0, "", False, False
        self._seen: dict[str, tuple[int, ...]] = {}
        self._waited = False
        self._settling: asyncio.TimerHandle | None = None

    async def run(self) -> int:
        """Watches until it is told to end; the exit status."""
        loop = asyncio.get_running_loop()
        signals = {signal.SIGINT: ("quit", 130), signal.SIGTERM: ("quit", 143), signal.SIGHUP: ("quit", 129)}
        for number, news in signals.items():
            loop.add_signal_handler(number, self._news.put_nowait, news)
        if self._terminal:
            loop.add_signal_handler(signal.SIGWINCH, self._tell, "draw")
            loop.add_signal_handler(signal.SIGTSTP, self._stand_aside)
            self._terminal.take()
        else:
            self._out.print("Each save is judged; Ctrl-C ends it.", "")
        following = asyncio.create_task(self._follow())
        try:
            self._seen = self._files.state()
            self._begin()
            self._draw()
            while True:
                kind, what = await self._news.get()
                if kind == "quit":
                    return int(what)
                getattr(self, f"_on_{kind}")(what)
        finally:
            for task in (following, self._judging):
                if task is not None:
                    task.cancel()
                    await asyncio.gather(task, return_exceptions=True)
            if self._terminal:
                self._terminal.give_back()
            await self._judge.close()
            green = sum(state == "green" for state in self._states.values())
            self._out.print(f"{green} of {len(catalog.exercises())} exercises are green; nox -s watch goes on from here.")

    def _tell(self, kind: str, what: Any = None) -> None:
        self._news.put_nowait((kind, what))

    async def _follow(self) -> None:
        try:
            await self._files.follow(lambda own: self._tell("files", own))
        except Exception as error:
            self._tell("page", [f"Files can't be watched: {error}", "Start it again with --poll, or press enter to judge."])

    def _stand_aside(self) -> None:
        """Ctrl-Z: the shell gets its terminal as it was; after ``fg`` it is ours again."""
        assert self._terminal is not None
        self._terminal.give_back()
        os.kill(os.getpid(), signal.SIGSTOP)
        self._terminal.take()
        self._draw()

    # -- judging

    def _begin(self) -> None:
        """Judges the current exercise, in the place of a judging that runs."""
        if self._judging is not None and self._verdict_is_in:
            self._again = True  # at its end, which is near: it is about to be noted
            return
        if self._judging is not None:
            self._judging.cancel()
            self._judge.cancel()
        self._began, self._far, self._verdict_is_in, self._again = time.monotonic(), "", False, False
        self._judging = asyncio.create_task(self._ask(self._current))
        asyncio.get_running_loop().call_later(UNSEEN, self._tell, "draw")

    async def _ask(self, exercise: catalog.Exercise) -> None:
        task = asyncio.current_task()
        try:
            async for told in self._judge.judge(exercise.id):
                self._tell("told", (task, exercise, told))
        except JudgeGone as error:
            self._tell("told", (task, exercise, {"trouble": f"The judge ended by itself: {error}"}))
            self._tell("told", (task, exercise, {"ended": 1}))

    def _on_told(self, what: tuple[Any, catalog.Exercise, dict[str, Any]]) -> None:
        task, exercise, told = what
        if task is not self._judging:  # it was ended in favor of another
            return
        if "test" in told:
            self._far = f" · test {told['test']} of {told['of']}"
        if "result" in told:
            self._came(from_data(told["result"]))
        if told.get("trouble") and not self._verdict_is_in:
            self._came(broken(exercise, told["trouble"]))
        if "ended" in told:
            if not self._verdict_is_in:
                self._came(broken(exercise, ""))
            self._judging = None
            self._verdict_is_in = False
            if self._again or self._result is None:
                self._begin()
        self._draw()

    def _came(self, result: Result) -> None:
        """Takes a verdict; after a green one goes on."""
        self._verdict_is_in = True
        exercise = result.exercise
        if result.state != "part" or self._states.get(exercise.id) != "green":
            self._states[exercise.id] = result.state
        if not self._terminal:
            self._out.print(*self._out.verdict(result), "")
        if self._result is None or self._result.message != result.message:
            self._top = 0  # what is new is read from its beginning, whatever hint stands below
        self._result = result
        if result.state in ("green", "part") and (following := self._following()):
            self._finished = exercise
            self._go_to(following)
        elif result.state == "green" and not self._terminal:
            self._out.print("Nothing is red any more.", "")

    def _following(self) -> catalog.Exercise | None:
        """The next exercise that isn't solved, behind the current one or else from the beginning; None when there is no other."""
        every = list(catalog.exercises())
        here = next((number for number, each in enumerate(every) if each.id == self._current.id), 0)
        others = every[here + 1:] + every[:here]
        return next((each for each in others if self._states.get(each.id) not in ("green", "part", "unclear")), None)

    def _go_to(self, exercise: catalog.Exercise) -> None:
        """Makes ``exercise`` the current one, of which nothing is known yet."""
        self._current, self._result, self._hint, self._hinted, self._top = exercise, None, [], 0, 0

    # -- files

    def _on_files(self, own: bool) -> None:
        loop = asyncio.get_running_loop()
        if own:
            if self._settling is not None:
                self._settling.cancel()
            self._settling = loop.call_later(SETTLED, self._tell, "own")
            return
        state = self._files.state()
        if state == self._seen:
            self._waited = False
            return
        if self._seen.keys() - state.keys() and not self._waited:
            self._waited = True
            loop.call_later(BACK_AGAIN, self._tell, "files", False)
            return
        self._waited, self._seen, self._page, self._question = False, state, None, None
        self._begin()

    def _on_own(self, _: None) -> None:
        """Katas, chapters or the dojo have changed: another judge reads them."""
        catalog.forget()
        try:
            every = {each.id: each for each in catalog.exercises()}
        except (catalog.CatalogError, OSError, SyntaxError) as error:
            self._on_page([f"Katas and chapters can't be read at the moment: {error}"])
            return
        if self._judging is not None:
            self._judging.cancel()
            self._judging, self._verdict_is_in = None, False
        self._current = every.get(self._current.id) or first_open(self._states) or next(iter(every.values()))
        asyncio.create_task(self._renewed())  # noqa: RUF006  # what it tells comes through the queue

    async def _renewed(self) -> None:
        await self._judge.close()
        self._tell("begin")

    def _on_begin(self, _: None) -> None:
        self._begin()

    # -- keys

    def _on_key(self, key: str) -> None:
        if key == "end":
            self._tell("quit", 0)
        elif self._question:
            (_, yes), self._question = self._question, None
            if key in ("y", "Y"):
                yes()
        elif key in ("up", "down", "page up", "page down"):
            self._scroll(key)
        elif self._page is not None:
            self._page, self._top = None, 0
            if key == "q":
                self._tell("draw")
        else:
            action = {"h": self._show_hint, "t": self._show_task, "n": self._next, "l": self._list, "c": self._compare, "r": self._reset,
                      "q": lambda: self._tell("quit", 0), "enter": self._begin}.get(key)
            if action:
                action()
        self._draw()

    def _scroll(self, key: str) -> None:
        page = max(1, self._room() - 1)
        last = max(0, len(self._lines()) - self._room())
        step = {"up": -1, "down": 1, "page up": -page, "page down": page}[key]
        # Past the end, the space bar begins anew.
        self._top = 0 if key == "page down" and self._top >= last else min(max(self._top + step, 0), last)

    def _show_hint(self) -> None:
        last = len(self._current.hints)
        number = (self._hinted or min(self._notebook.hints(self._current.id), last)) + 1
        self._hinted = number if number <= last + 1 else 1  # behind the last one stands where to read on; then they begin anew
        self._hint = ["", *next_hint(self._current, self._notebook, self._hinted, key="h")]
        self._top = max(0, len(self._lines()) - self._room())

    def _show_task(self) -> None:
        self._on_page([self._out.head(self._current, self._states.get(self._current.id, "")), "", markdown(self._current.statement)])

    def _next(self) -> None:
        following = self._following()
        if following is None:
            self._on_page(["There is no other exercise that isn't solved."])
            return
        self._go_to(following)
        self._begin()

    def _list(self) -> None:
        self._on_page(list(listing(self._out, self._states, self._current.id)))
        here = next((number for number, line in enumerate(self._lines()) if ">" in line[:12] or "→" in line[:12]), 0)
        self._top = max(0, min(here - self._room() // 2, len(self._lines()) - self._room()))

    def _compared(self) -> catalog.Exercise:
        """What the key ``c`` is about: what has just become green, while the current one isn't."""
        finished = self._finished
        return finished if finished is not None and finished.edit and self._states.get(self._current.id) != "green" else self._current

    def _compare(self) -> None:
        exercise = self._compared()
        states = with_holes(self._workspace, self._states)

        def show() -> None:
            try:
                self._on_page(list(differences(self._workspace, exercise, states)))
            except (NoStub, OSError) as error:
                self._on_page([str(error)])

        if question := warning(exercise, states.get(exercise.id, "")):
            self._question = (f"{question} See the answer all the same? y / n", show)
        else:
            show()

    def _reset(self) -> None:
        exercise = self._current

        def put() -> None:
            try:
                page = list(put_back(self._workspace, exercise))
                self._states = self._notebook.states()
            except (NoStub, OSError) as error:
                page = [str(error)]
            self._seen = self._files.state()
            self._on_page(page)
            self._begin()

        if exercise.edit:
            self._question = (f"Put the shipped {' and '.join(exercise.edit)} back? Yours is kept. y / n", put)
        else:
            self._on_page(list(put_back(self._workspace, exercise)))

    # -- the screen

    def _on_draw(self, _: None) -> None:
        self._draw()

    def _on_page(self, page: list[RenderableType]) -> None:
        """Shows ``page`` in the place of the verdict, until a key is pressed."""
        self._page, self._top = page, 0
        if self._terminal:
            self._draw()
        else:
            self._out.print(*page, "")

    def _room(self) -> int:
        """How many lines there are for the text, above the line that tells of the rest and those at the bottom."""
        assert self._terminal is not None
        return max(1, self._terminal.size.lines - 1 - len(self._bottom()))

    def _lines(self) -> list[str]:
        assert self._terminal is not None
        width = self._terminal.size.columns if self._page is not None else None  # source text has long lines
        return self._out.text(*self._text(), width=width).rstrip("\n").split("\n")

    def _text(self) -> list[RenderableType]:
        if self._page is not None:
            return self._page
        parts: list[RenderableType] = []
        if self._finished is not None:
            parts += [self._out.head(self._finished, "green"), ""]
        if self._result is not None and self._result.exercise.id == self._current.id:
            parts += self._out.verdict(self._result)
            if self._result.state in ("green", "part") and self._following() is None:
                parts += ["", Text("Nothing is red any more.", "green")]
        else:
            parts += [self._out.head(self._current, self._states.get(self._current.id, ""))]
        return [*parts, *self._hint]

    def _draw(self) -> None:
        if self._terminal is None:
            return
        columns = self._terminal.size.columns
        lines, room = self._lines(), self._room()
        self._top = max(0, min(self._top, len(lines) - room))
        shown = lines[self._top: self._top + room]
        told = [self._out.text(Text(line[: columns - 1], "dim")).rstrip("\n") for line in (self._rest(len(shown), len(lines)), *self._bottom())]
        self._terminal.draw([*shown, *told])

    def _rest(self, shown: int, lines: int) -> str:
        """What else there is: lines that don't fit, and a judging that runs."""
        told = [f"{self._top + 1}-{self._top + shown} of {lines} lines; space turns the page"] if shown < lines else []
        if self._judging is not None and not self._verdict_is_in and time.monotonic() - self._began >= UNSEEN:
            told.append(f"judging {self._current.id}{self._far}")
        return "   ".join(told)

    def _bottom(self) -> list[str]:
        """What can be pressed: as many words as fit, for a key that isn't shown is as good as none."""
        assert self._terminal is not None
        columns = self._terminal.size.columns - 1
        if self._question:
            return textwrap.wrap(self._question[0], max(1, columns))
        if self._page is not None:
            return ["any key: back"]
        words = ("hint", "task", "next", "list", f"compare {self._compared().id}", "reset", "quit")
        plain = [word.partition(" ")[0] for word in words]
        ways = (" · ".join(f"{word[0]} {word}" for word in words), " · ".join(f"{word[0]} {word}" for word in plain),
                " ".join(f"[{word[0]}]{word[1:]}" for word in plain), " ".join([*(word[0] for word in plain[:-1]), "[q]uit"]))
        return [next((way for way in ways if len(way) <= columns), "q")]


def watch(arguments: argparse.Namespace) -> int:
    """Judges at each save until ``q`` is pressed."""
    workspace = workspace_of(arguments)
    states = Notebook(workspace).states()
    exercise = catalog.exercise(arguments.exercise) if arguments.exercise else first_open(states) or catalog.exercises()[-1]
    return asyncio.run(Watch(workspace, exercise, poll=arguments.poll, quick=arguments.quick).run())
