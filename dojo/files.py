"""A gate in front of a file: opening it, and each reading of it, waits until the judge lets it go.

On a disk that hangs, or a network share, ``open`` and ``read`` are what blocks, each for itself: a
file that was opened on a thread and is read on the event loop holds the loop all the same. So both
are held, in the thread that does them, with the line that did it:

- *Openings*, as Python announces each to its audit hooks (``sys.addaudithook``): ``open``,
  ``Path.read_text``, ``os.open`` and whatever is built on them. A program that is run on the file
  (``subprocess.run(["cat", path])``) and a memory map of it are announced likewise.
- *Readings*: for this one file, ``open`` gives a file whose raw part waits before each ``read``; all
  else about it, from ``seek`` to its classes, is Python's own. ``os.read`` and its kin wait as well.
- A program that asyncio runs on the file holds nobody up: it is held as what is awaited.

Looking at a file (``exists``, ``stat``) is not held. Nor is another process' reading, whatever
started it: for that there are named pipes, whose content doesn't come until somebody writes it.
"""

import asyncio
import builtins
import functools
import io
import os
import sys
from collections.abc import Callable, Iterable
from types import FrameType
from typing import Any

from dojo.waits import WaitGate

#: What an audit hook is told of when somebody reads a file, beside its opening.
_PROGRAM, _MAP = "subprocess.Popen", "mmap.__new__"


class _HeldFile:
    """The file at ``path``, and the ``gate`` in front of it, in this process only."""

    def __init__(self, gate: WaitGate, path: str) -> None:
        self._path = os.path.abspath(path)
        self._name = os.path.basename(path)
        self._real = _real(self._path)
        self._gate = gate
        self._process = os.getpid()

    def is_named(self, path: object) -> bool:
        """Whether ``path``, whatever it is, is the file's."""
        if not isinstance(path, str | bytes | os.PathLike):
            return False
        text = os.fsdecode(path)
        return os.path.basename(text) == self._name and _real(text) == self._real

    def is_open_as(self, descriptor: object) -> bool:
        """Whether ``descriptor`` is a number under which the file is open."""
        try:
            return isinstance(descriptor, int) and os.path.samestat(os.fstat(descriptor), os.stat(self._path))
        except (OSError, OverflowError):
            return False

    def is_mentioned(self, words: Iterable[object]) -> bool:
        """Whether a command of these ``words`` is about the file."""
        texts = [os.fsdecode(word) for word in words if isinstance(word, str | bytes | os.PathLike)]
        return any(path in text for path in (self._path, self._real) for text in texts)

    def wait(self, what: str, frame: FrameType) -> None:
        """Stands in front of the gate; ``what`` is what is about to be done: ``"read"``."""
        if os.getpid() == self._process:  # one that was forked has nobody who would let it go
            self._gate.hold(0.0, frame, f"{what}({self._name})")

    async def awaited(self, what: str, frame: FrameType) -> None:
        """As `wait`, for what the loop goes on meanwhile."""
        await self._gate.hold_async(0.0, frame, f"{what}({self._name})")


def _real(path: str) -> str:
    """``path`` without links and dots; the file itself may be a link, which can be replaced."""
    folder, name = os.path.split(os.path.abspath(path))
    return os.path.join(os.path.realpath(folder), name)


def hold_file(gate: WaitGate, path: str) -> None:
    """Puts ``gate`` in front of the file at ``path``, for as long as the process lives."""
    held = _HeldFile(gate, path)
    _hold_openings(held)
    _hold_readings(held)
    _hold_programs(held)


def _hold_openings(held: _HeldFile) -> None:
    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            if held.is_named(arguments[0]):
                held.wait("open", sys._getframe(1))
        elif event == _PROGRAM:
            frame = sys._getframe(1)
            if held.is_mentioned(arguments[1] or ()) and not _asyncios(frame):
                held.wait("run", frame)
        elif event == _MAP and held.is_open_as(arguments[0]):
            held.wait("mmap", sys._getframe(1))

    sys.addaudithook(hook)


def _hold_readings(held: _HeldFile) -> None:
    class Raw(io.FileIO):
        """The raw part of the held file."""

        def read(self, size: int | None = -1, /) -> bytes:
            held.wait("read", sys._getframe(1))
            return super().read(-1 if size is None else size)

        def readall(self) -> bytes:
            held.wait("read", sys._getframe(1))
            return super().readall()

        def readinto(self, buffer: Any, /) -> int:
            held.wait("read", sys._getframe(1))
            return super().readinto(buffer)

    real = io.open

    @functools.wraps(real)
    def open(file: Any, mode: str = "r", buffering: int = -1, encoding: str | None = None, errors: str | None = None,
             newline: str | None = None, closefd: bool = True, opener: Any = None) -> Any:
        reads = sorted(mode.replace("t", "")) in (["r"], ["b", "r"])
        if not reads or (buffering == 0 and "b" not in mode) or not (held.is_named(file) or held.is_open_as(file)):
            return real(file, mode, buffering, encoding, errors, newline, closefd, opener)
        raw = Raw(file, "r", closefd, opener)
        try:
            if buffering == 0:
                return raw
            buffer = io.BufferedReader(raw, buffering if buffering > 1 else io.DEFAULT_BUFFER_SIZE)
            if "b" in mode:
                return buffer
            text = io.TextIOWrapper(buffer, encoding, errors, newline)
            text.mode = mode  # type: ignore[misc]  # io.open sets it too
        except BaseException:
            raw.close()
            raise
        return text

    builtins.open = io.open = open
    for name in ("read", "pread", "readv", "preadv", "readinto"):
        if hasattr(os, name):
            setattr(os, name, _held_call(getattr(os, name), held))


def _held_call(real: Callable[..., Any], held: _HeldFile) -> Callable[..., Any]:
    """``real``, one of the functions that read from a descriptor, which waits when that is the file's."""
    @functools.wraps(real)
    def read(descriptor: int, /, *arguments: Any) -> Any:
        if held.is_open_as(descriptor):
            held.wait("read", sys._getframe(1))
        return real(descriptor, *arguments)

    return read


def _hold_programs(held: _HeldFile) -> None:
    def starting(real: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(real)
        async def start(loop: asyncio.BaseEventLoop, protocol: Any, *command: Any, **options: Any) -> Any:
            if held.is_mentioned(command):
                await held.awaited("run", sys._getframe())
            return await real(loop, protocol, *command, **options)

        return start

    for name in ("subprocess_exec", "subprocess_shell"):
        setattr(asyncio.BaseEventLoop, name, starting(getattr(asyncio.BaseEventLoop, name)))


def _asyncios(frame: FrameType | None) -> bool:
    """Whether asyncio starts the process, and so awaits it."""
    while frame is not None:
        if frame.f_globals.get("__name__") in ("asyncio.unix_events", "asyncio.windows_events"):
            return True
        frame = frame.f_back
    return False
