"""Which frames are the learner's, and what a frame says: file, line, function and source text."""

import ast
import difflib
import functools
import gc
import inspect
import linecache
import os
import re
import sys
import threading
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

_sampling = threading.Lock()


def current_frames() -> dict[int, FrameType]:
    """The innermost frame of each thread.

    CPython before 3.11.9 can deadlock in ``sys._current_frames`` when a collection of garbage
    starts inside it (python/cpython#106883), so collection is off meanwhile.
    """
    with _sampling:
        enabled = gc.isenabled()
        gc.disable()
        try:
            return sys._current_frames()
        finally:
            if enabled:
                gc.enable()


@functools.lru_cache(maxsize=256)
def _statements(file: str) -> dict[int, tuple[int, int]]:
    """For each line of ``file``, the first and last line of the innermost simple statement on it."""
    spans: dict[int, tuple[int, int]] = {}
    try:
        tree = ast.parse("".join(linecache.getlines(file)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # however deep it is nested, an error in it is to be told
        return spans
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt) and not hasattr(node, "body"):
            for line in range(node.lineno, (node.end_lineno or node.lineno) + 1):
                spans[line] = (node.lineno, node.end_lineno or node.lineno)
    return spans


def _said(error: BaseException) -> str:
    """What an exception says; a learner's own may fail at that."""
    try:
        return str(error)
    except Exception as failed:
        return f"(its text can't be shown: {type(failed).__name__})"


class _Known(dict[str, bool]):
    """What ``find`` says of each key, asked once."""

    def __init__(self, find: Callable[[str], bool]) -> None:
        super().__init__()
        self._find = find

    def __missing__(self, key: str) -> bool:
        found = self[key] = self._find(key)
        return found


class Learner:
    """The learner's code: what lies below the folder ``root``, but for the files ``laid_over`` it by the judge."""

    def __init__(self, root: str | Path, laid_over: Iterable[str] = ()) -> None:
        self.root = os.path.realpath(root) + os.sep
        self._laid_over = {os.path.join(self.root, *place.split("/")) for place in laid_over}
        #: For each file, whether the learner wrote it. Not by code object: to look one up costs as much as to hash all of its constants.
        self.theirs = _Known(lambda file: file.startswith(self.root) and file not in self._laid_over)

    def owns(self, code: CodeType) -> bool:
        """Whether ``code`` was written by the learner."""
        return self.theirs[code.co_filename]

    def describe(self, file: str, line: int, function: str = "") -> dict[str, Any]:
        """A place in the learner's code as plain data, its path as seen from the workspace."""
        text = linecache.getline(file, line).strip()
        first, last = _statements(file).get(line, (line, line))
        if first != last and len(text) < 12:  # the line is a mere bracket or argument: show the statement up to it
            text = " ".join(linecache.getline(file, each).strip() for each in range(first, line + 1))
        path = file.removeprefix(self.root).replace(os.sep, "/")
        return {"file": path, "line": line, "function": function, "text": text}

    def innermost(self, frame: FrameType | None) -> dict[str, Any] | None:
        """The learner's place that is nearest to ``frame``, outward; None when there is none."""
        mine = self.innermost_frame(frame)
        return self.describe(mine.f_code.co_filename, mine.f_lineno, mine.f_code.co_name) if mine else None

    def innermost_frame(self, frame: FrameType | None) -> FrameType | None:
        """The learner's frame that is nearest to ``frame``, outward; None when there is none."""
        while frame is not None and not self.owns(frame.f_code):
            frame = frame.f_back
        return frame

    def awaiting(self, coroutine: Any) -> dict[str, Any] | None:
        """The innermost place of the learner's at which a suspended coroutine waits; None before it has begun."""
        found = None
        if inspect.iscoroutine(coroutine) and inspect.getcoroutinestate(coroutine) == inspect.CORO_CREATED:
            return None
        while coroutine is not None:
            frame = getattr(coroutine, "cr_frame", None) or getattr(coroutine, "gi_frame", None) or getattr(coroutine, "ag_frame", None)
            if frame is not None and self.owns(frame.f_code):
                found = self.describe(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name)
            inner = getattr(coroutine, "cr_await", None) or getattr(coroutine, "gi_yieldfrom", None) or getattr(coroutine, "ag_await", None)
            coroutine = inner
        return found

    def error(self, error: BaseException) -> dict[str, Any]:
        """An exception as plain data: its type, message, and the learner's places, outermost first."""
        trace = traceback.extract_tb(error.__traceback__)
        frames = [self.describe(f.filename, f.lineno or 0, f.name) for f in trace if self.theirs[f.filename]]
        message = _said(error).replace(self.root, "")  # a learner knows nothing of the copy that ran
        if missing := re.match(r"cannot import name '(\w+)' from", message):
            message += self._renamed(missing[1], error)
        if isinstance(error, SyntaxError) and error.filename and os.path.realpath(error.filename).startswith(self.root):
            frames.append({**self.describe(os.path.realpath(error.filename), error.lineno or 0), "text": (error.text or "").strip()})
            message = error.msg
        return {"type": type(error).__name__, "message": message[:2000], "frames": frames[-6:]}

    def _renamed(self, name: str, error: BaseException) -> str:
        """The names in the learner's module that may be meant by ``name``, which it has not; empty when there are none."""
        module = sys.modules.get(getattr(error, "name", None) or "")
        if module is None or not self.theirs[getattr(module, "__file__", None) or ""]:
            return ""
        own = [each for each, value in vars(module).items() if getattr(value, "__module__", None) == module.__name__]
        close = [f"`{each}`" for each in difflib.get_close_matches(name, own)]
        return f"; it has {' and '.join(close)}: was it renamed?" if close else ""
