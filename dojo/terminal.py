"""What the terminal shows of a run of katas: a line for each exercise, details of the first red one.

It takes the place of pytest's own reporter when only katas are run. Everything fits 80 columns;
without a terminal, or with ``NO_COLOR``, there are no colors, and where the output can't encode
the signs there are letters.
"""

import os
import textwrap
import time
from collections.abc import Iterable

import pytest
from _pytest._io import TerminalWriter

from dojo import catalog
from dojo.results import FINE, Collector, Result
from dojo.workspace import ROOT

WIDTH = 80
SIGNS = {"green": "✓", "red": "✗", "part": "~", "unclear": "?", "broken": "!"}
PLAIN_SIGNS = {"green": "+", "red": "x", "part": "~", "unclear": "?", "broken": "!"}
COLORS = {"green": "green", "red": "red", "part": "yellow", "unclear": "yellow", "broken": "yellow"}
#: Signs of the pictures, for outputs that can't encode them.
ASCII = str.maketrans({"█": "#", "·": ".", "─": "-", "…": "...", "✓": "+", "✗": "x", "≥": ">=", "→": "->"})


#: What the number of green exercises of a phase is worth, from so many on.
LEVELS = {"1.5": ((8, "Expert"), (6, "Solid"), (4, "Getting there"), (0, "Review docs/Learning/threading-fundamentals.md"))}


def level_of(phase: str, green: int) -> str:
    """The level that goes with a closing line; empty for phases that have none."""
    return next((f" · {name}" for least, name in LEVELS.get(phase, ()) if green >= least), "")


def wrapped(text: str, width: int = WIDTH - 4) -> Iterable[str]:
    """The lines of ``text``, prose wrapped; lines that start with a space stay as they are."""
    for line in text.splitlines():
        if not line.strip():
            yield ""
        elif line.startswith(" "):
            yield line if len(line) <= WIDTH - 4 else line[:WIDTH - 5] + "…"
        else:
            yield from textwrap.wrap(line, width, break_on_hyphens=False)


def details(result: Result, width: int = WIDTH) -> list[str]:
    """What is said of a red exercise, for so many columns: expected, seen, where to look."""
    room = max(16, width - 4)
    if result.state == "broken":  # in full: it is to be reported
        told = ["The kata itself failed; this is no mistake of yours:", *(f"  {line}" for line in result.message.splitlines())]
        return [f"  {line}".rstrip() for line in ("", *told)]
    lines = [""]
    if result.expected:
        lines += [*wrapped(f"Expected: {result.expected}", room), ""]
    where, how = result.exercise.link, f"nox -s hint -- {result.exercise.id}"
    both = f"{where}   ·   {how}"
    lines += [*wrapped(result.message, room), "", *([both] if len(both) <= width - 2 else [where, how])]
    return [f"  {line}".rstrip() for line in lines]


class ExerciseReporter:
    """A pytest plugin that shows exercises instead of tests."""

    def __init__(self, writer: TerminalWriter, workspace: str, show_all: bool, collector: Collector) -> None:
        self._collector = collector
        collector.listeners.append(self._show)
        self._workspace = workspace
        self._all = show_all
        self._writer = writer
        if os.environ.get("NO_COLOR"):
            self._writer.hasmarkup = False
        encoding = getattr(self._writer._file, "encoding", None) or "ascii"
        try:
            "✗█·".encode(encoding)
            self._plain = False
        except (UnicodeEncodeError, LookupError):
            self._plain = True
        self._shown = False
        self._blank = False
        self._phase = ""
        self._trouble: list[str] = []
        self._began = time.perf_counter()

    # -- pytest's hooks

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A kata file that can't be read is the dojo's own mistake."""
        if report.failed:
            self._trouble.append(str(report.longrepr))

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """The closing lines."""
        for text in self._trouble:
            self._line("The katas themselves could not be read; this is no mistake of yours:", "yellow")
            self._line(text)
        if int(exitstatus) == pytest.ExitCode.NO_TESTS_COLLECTED:
            self._line("Nothing was chosen: -k takes a part of a kata's name, such as -k 1_5.", "yellow")
        if int(exitstatus) == pytest.ExitCode.INTERRUPTED and not self._trouble:
            self._line("\nInterrupted: nothing is left running.", "yellow")
        results, judged = self._collector.results, self._collector.judged
        for phase in catalog.phases():
            run = [e for e in phase.exercises if e.id in results]
            if not run:
                continue
            green = sum(results[e.id].state == "green" for e in run if e.id in judged)
            left = len(phase.exercises) - len(judged & {e.id for e in phase.exercises})
            in_part = sum(results[e.id].state == "part" for e in run)
            told = [f"{left} not run"] * bool(left) + [f"{in_part} only in part: the rest needs a live load"] * bool(in_part)
            part = f"   ({', '.join(told)})" if told else ""
            if not self._blank:
                self._line("")
            level = "" if left else level_of(phase.id, green)
            self._line(f"phase {phase.id} · {green}/{len(phase.exercises)}{part}{level}", "green" if green == len(phase.exercises) else "")

    def pytest_internalerror(self, excrepr: object) -> None:
        """The dojo's own mistake, told in full."""
        self._line(f"The dojo itself failed; this is no mistake of yours:\n{excrepr}", "yellow")

    # -- lines

    def _show(self, result: Result) -> None:
        exercise = result.exercise
        if exercise.phase != self._phase:
            if self._phase:
                self._line("")
            self._phase = exercise.phase
            title = next(p.title for p in catalog.phases() if p.id == exercise.phase)
            room = WIDTH - len(f"Phase {exercise.phase} · {title}   judging ")
            name = self._workspace if len(self._workspace) <= room else "…" + self._workspace[1 - room:]
            judged = "" if name == "." else f"   judging {name}"
            self._line(f"Phase {exercise.phase} · {title}{judged}", "bold")
            self._line("")
        sign = (PLAIN_SIGNS if self._plain else SIGNS)[result.state]
        head = f"{exercise.id}  {exercise.title}"
        file = exercise.edit[0] if exercise.edit and result.state not in FINE else ""
        self._writer.write(self._encodable(sign), **{COLORS[result.state]: True})
        self._line(f" {head:<{WIDTH - 4 - len(file)}} {file}".rstrip())
        for note in result.notes:
            for line in wrapped(note, WIDTH - 8):
                self._line(f"       {line}")
        if result.state not in FINE and (self._all or not self._shown):
            self._shown = True
            for line in details(result):
                self._line(line)
            self._line("")

    def _line(self, text: str, markup: str = "") -> None:
        self._writer.line(self._encodable(text), **({markup: True} if markup else {}))
        self._writer.flush()
        self._blank = not text

    def _encodable(self, text: str) -> str:
        return text.translate(ASCII).encode("ascii", "replace").decode() if self._plain else text


def only_katas(config: pytest.Config) -> bool:
    """Whether all that was asked for lies under katas/ of this repository."""
    katas = ROOT / "katas"
    paths = [(config.invocation_params.dir / arg.partition("::")[0]).resolve() for arg in config.args]
    return bool(paths) and all(path == katas or katas in path.parents for path in paths)
