"""Two calls on two threads, met at every point: deterministic where a stress test is lucky.

A second thread that comes in the middle of ``x += 1`` loses an update, and a stress test sees that
once in many runs. Here the first call runs again and again, each time with the second one let in
before another of its instructions, until there is no instruction left. An instruction of the standard
library's Python that the learner's code calls is one too: `Counter.update()` takes as many steps as if it
were written out. It works within the host (`Functions.call` of a driver that lies beside a kata), as it has
to trace the learner's code.

A second call that has to wait for a lock is no mistake: then the first goes on. So that this is
seen, and not guessed from a clock, locks are replaced by ones that tell (`tell_locks`). Who waits only so
long for a lock that the first call holds, or tries only so often, gets it never: that one stands still for as long as it takes.
"""

import _thread
import dataclasses
import functools
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import CodeType, FrameType
from typing import Any

_allocate = _thread.allocate_lock
_real_rlock = threading.RLock
_sleep = time.sleep

#: How long a second call may take that neither ends nor waits for a lock that tells; then the first goes on. In seconds.
PATIENCE = 0.05
#: The same, once so many calls have used it up: they wait for something that doesn't tell.
SHORT_PATIENCE, PATIENT_CALLS = 0.001, 10
#: How long a second call may take after the first has ended. In seconds.
END_PATIENCE = 3.0
#: Who has tried so often to get what the first call holds, without waiting for it, does so until it is free.
MOST_TRIES = 250
#: No first call is met at more of its instructions.
MOST_POINTS = 2000


_STANDARD = os.path.dirname(threading.__file__) + os.sep
#: What of it is never met in: other people's packages, and what makes threads wait for each other, which is their tool and has locks of its own.
_LEFT_OUT = tuple(_STANDARD + name for name in (f"site-packages{os.sep}", "threading.py", "queue.py", f"concurrent{os.sep}",
                                                f"asyncio{os.sep}", f"multiprocessing{os.sep}"))

#: How many second calls have used their patience up, in this process.
_impatient = 0


class _Inside(threading.local):
    """The meeting whose second call this thread runs."""

    meeting: "_Meeting | None" = None


_inside = _Inside()


class _TellingLock:
    """A lock of the standard library's that says when a second call finds it taken."""

    _make: Callable[[], Any] = staticmethod(_allocate)

    def __init__(self) -> None:
        self._lock = self._make()
        self._holder = 0  # the thread that has taken it

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        if not self._lock.acquire(False):
            if (meeting := _inside.meeting) is not None:
                if self._holder == meeting.halted and meeting.gives_up(blocking, timeout >= 0):
                    return False
                meeting.tell()
            if not (blocking and self._lock.acquire(True, timeout)):
                return False
        self._holder = _thread.get_ident()
        return True

    def release(self) -> None:
        self._lock.release()

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *error: object) -> None:
        self._lock.release()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._lock, name)


class _TellingRLock(_TellingLock):
    _make = staticmethod(_real_rlock)


class _TellingSemaphore(threading.Semaphore):
    """A semaphore that knows who has taken it; what it is made of are locks that tell."""

    def __init__(self, value: int = 1) -> None:
        super().__init__(value)
        self._holders: list[int] = []

    def acquire(self, blocking: bool = True, timeout: float | None = None) -> bool:
        meeting = _inside.meeting
        if meeting is not None and not self._value and meeting.halted in self._holders:
            if meeting.gives_up(blocking, timeout is not None):
                return False
            meeting.tell()
        got = super().acquire(blocking, timeout)
        if got:
            self._holders.append(_thread.get_ident())
        return got

    __enter__ = acquire

    def release(self, n: int = 1) -> None:
        for _ in range(min(n, len(self._holders))):  # by whom it was taken, or by another thread
            own = _thread.get_ident()
            self._holders.remove(own if own in self._holders else self._holders[0])
        super().release(n)


class _TellingBoundedSemaphore(_TellingSemaphore):
    """As `threading.BoundedSemaphore`, whose own constructor looks its base up by a name that is another one by then."""

    def __init__(self, value: int = 1) -> None:
        super().__init__(value)
        self._most = value

    def release(self, n: int = 1) -> None:
        if self._value + n > self._most:
            raise ValueError("Semaphore released too many times")
        super().release(n)


def _sleep_while_halted(seconds: Any) -> None:
    """As `time.sleep`, but that a first call that stands still does so for longer than any second one sleeps."""
    meeting = _inside.meeting
    _sleep(0 if meeting is not None and meeting.halted and seconds > 0 else seconds)


def tell_locks() -> None:
    """From now on locks tell; before the learner's module is imported, which may take a copy of their names."""
    for name, made in (("Lock", _TellingLock), ("RLock", _TellingRLock), ("_allocate_lock", _TellingLock), ("Semaphore", _TellingSemaphore),
                       ("BoundedSemaphore", _TellingBoundedSemaphore)):
        setattr(threading, name, made)
    time.sleep = _sleep_while_halted
    _thread.allocate_lock = _thread.allocate = _TellingLock  # type: ignore[assignment]
    _thread.RLock = _TellingRLock  # type: ignore[assignment,misc]


@dataclasses.dataclass
class Met:
    """One meeting: where the first call stood when the second came, and what each of them returned.

    ``stuck``: the second one had not ended a while after the first.
    """

    frame: tuple[str, int]
    first: Any = None
    second: Any = None
    stuck: bool = False


def meetings(scene: Callable[[], tuple[Callable[[], Any], Callable[[], Any]]], owns: Callable[[CodeType], bool]) -> Iterator[Met]:
    """For each instruction that the first call of a ``scene`` executes in code that ``owns`` knows, or in what that calls of the standard library:
    what comes of the two.

    ``scene`` makes a new pair of calls each time; they return what was seen, and never raise.
    """
    for point in range(MOST_POINTS):
        first, second = scene()
        meeting = _Meeting(second, point, owns)
        result = meeting.run(first)
        if meeting.met is None:  # the first call has no such instruction any more
            return
        meeting.met.first = result
        yield meeting.met


class _Meeting:
    def __init__(self, second: Callable[[], Any], point: int, owns: Callable[[CodeType], bool]) -> None:
        self._second = second
        self._left = point
        self._owns = owns
        self._word = _allocate()  # released when the second call has ended or waits
        self._word.acquire()
        self._ended = _allocate()
        self._ended.acquire()
        self._told = False
        self._tries = 0
        self.halted = 0  # the thread of the first call, while it stands still
        self.met: Met | None = None

    def run(self, first: Callable[[], Any]) -> Any:
        before = sys.gettrace()
        sys._getframe().f_trace_opcodes = True  # Python 3.12 tells of instructions only when any frame asked before settrace()
        sys.settrace(self._trace)
        try:
            result = first()
        finally:
            sys.settrace(before)
        if self.met is not None and not self._ended.acquire(timeout=END_PATIENCE):
            self.met.stuck = True
        return result

    def _trace(self, frame: FrameType, event: str, argument: Any) -> Any:
        if not self._owns(frame.f_code) and not (_is_standard(frame.f_code.co_filename) and self._is_met_in(frame.f_back)):
            return None
        frame.f_trace = self._instruction  # first: Python 3.13 heeds the next line only when it is set
        frame.f_trace_opcodes = True
        frame.f_trace_lines = False
        return self._instruction

    def _is_met_in(self, frame: FrameType | None) -> bool:
        return frame is not None and frame.f_trace == self._instruction

    def _instruction(self, frame: FrameType, event: str, argument: Any) -> Any:
        if event == "opcode" and self.met is None:
            if self._left == 0:
                theirs = frame
                while not self._owns(theirs.f_code) and theirs.f_back is not None:
                    theirs = theirs.f_back
                self.met = Met((theirs.f_code.co_filename, _line(theirs)))
                self.halted = _thread.get_ident()
                threading.Thread(target=self._let_in, args=(self.met,), name="second", daemon=True).start()
                self._wait()
                self.halted = 0
            self._left -= 1
        return self._instruction

    def _wait(self) -> None:
        """Until the second call has ended, or waits itself."""
        global _impatient
        if not self._word.acquire(timeout=PATIENCE if _impatient < PATIENT_CALLS else SHORT_PATIENCE):
            _impatient += 1

    def gives_up(self, blocking: bool, limited: bool) -> bool:
        """Whether the second call goes on without what the first one holds, as it waits for a ``limited`` time, or not at all."""
        self._tries += not blocking
        return limited if blocking else self._tries <= MOST_TRIES

    def tell(self) -> None:
        """The second call has ended, or waits."""
        if not self._told:
            self._told = True
            self._word.release()

    def _let_in(self, met: Met) -> None:
        _inside.meeting = self
        try:
            met.second = self._second()
        finally:
            _inside.meeting = None
            self._ended.release()
            self.tell()


def _line(frame: FrameType) -> int:
    """The line of a frame's instruction; of one that the compiler has added, as at the end of an ``except`` block, the last line before it."""
    lines = [line for start, _, line in frame.f_code.co_lines() if line and start <= frame.f_lasti]
    return frame.f_lineno or (lines or [frame.f_code.co_firstlineno])[-1]


@functools.cache
def _is_standard(file: str) -> bool:
    """Whether a file is one of the standard library's that are met in."""
    return file.startswith(_STANDARD) and not file.startswith(_LEFT_OUT)
