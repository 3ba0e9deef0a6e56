"""The call clock: the exact time that each call of the learner's code took on one thread.

A profile function (``sys.setprofile``) sees the start and end of every call on the event loop's
thread. A coroutine's frame starts at each resumption and ends at each suspension, so what is
timed is the time that the thread spent inside, never the time for which the call was awaited.
Nothing is sampled: C code that keeps the GIL, and so stops every other thread, is timed too.

Beside wall time it takes the thread's CPU time, and on Linux the time that the thread was ready
to run but had no CPU (the run-queue delay), which is the machine's fault and is taken off.
"""

import contextlib
import os
import sys
import threading
import time
from dataclasses import dataclass
from types import FrameType
from typing import Any

from dojo.stack import Learner

#: Calls shorter than this are forgotten. In seconds.
KEEP = 0.02
#: So many calls at one place hold the loop together when each took at least `OFTEN_EACH` of its own time, and all of
#: them `OFTEN_ALL`. In seconds.
OFTEN, OFTEN_EACH, OFTEN_ALL = 8, 0.04, 0.8
#: A call holds the loop when it took this much CPU time, or this much time of its own. In seconds.
CPU_LIMIT = 0.08
OWN_LIMIT = 0.15


@dataclass(frozen=True)
class Reading:
    """The thread's clocks at one moment, in seconds."""

    wall: float
    cpu: float
    queued: float


@dataclass
class Call:
    """A call that took long; ``callee`` is empty when the learner's own statements did."""

    place: dict[str, Any]
    callee: str
    start: float
    wall: float
    cpu: float
    queued: float
    depth: int

    @property
    def own(self) -> float:
        """Wall time less the time for which the thread had no CPU."""
        return self.wall - self.queued

    @property
    def slow(self) -> bool:
        """Whether it held the loop for longer than any call should."""
        return self.cpu >= CPU_LIMIT or self.own >= OWN_LIMIT

    def contains(self, other: "Call") -> bool:
        """Whether ``other`` is a deeper call that accounts for most of this one."""
        return (other.depth > self.depth and other.start >= self.start - 1e-6
                and other.start + other.wall <= self.start + self.wall + 1e-3
                and other.wall >= 0.6 * self.wall)


def _at(call: Call) -> tuple[str, int, str]:
    """Where it was made, and what was called; for a function's own statements the function."""
    return (call.place["file"], call.place["line"] if call.callee else 0, call.callee or call.place["function"])


class RunQueue:
    """The run-queue delay of the thread that makes it, readable from any thread; 0 where unknown."""

    def __init__(self) -> None:
        self._file = -1
        if sys.platform == "linux":
            try:
                self._file = os.open(f"/proc/self/task/{threading.get_native_id()}/schedstat", os.O_RDONLY)
            except OSError:
                pass  # a kernel without scheduler statistics

    def seconds(self) -> float:
        """The delay since the thread was born, in seconds."""
        if self._file < 0:
            return 0.0
        try:
            return int(os.pread(self._file, 64, 0).split()[1]) / 1e9
        except (OSError, IndexError, ValueError):
            return 0.0


def queue_delays() -> dict[str, float]:
    """The run-queue delay of each of this process's threads since its birth, in seconds, by its number; nothing where unknown."""
    delays = {}
    with contextlib.suppress(OSError):  # no Linux, or a kernel without scheduler statistics
        for task in os.listdir("/proc/self/task"):
            with contextlib.suppress(OSError, IndexError, ValueError), open(f"/proc/self/task/{task}/schedstat", "rb") as file:
                delays[task] = int(file.read().split()[1]) / 1e9
    return delays


@dataclass
class _Open:
    """A call that hasn't ended: ``key`` finds its end, ``line`` is 0 for a function's own body."""

    key: Any
    frame: FrameType
    line: int
    callee: str
    start: Reading
    depth: int


class CallClock:
    """Times the calls that ``learner``'s code makes on the thread that arms it."""

    def __init__(self, learner: Learner) -> None:
        self._learner = learner
        self._theirs = learner.theirs
        self._open: list[_Open] = []
        #: The numbers of those frames whose end is the end of an open call.
        self._frames: set[int] = set()
        self._calls: list[Call] = []
        self._queue: RunQueue | None = None

    def arm(self) -> None:
        """Starts, with an empty record; called on the thread to be timed."""
        if self._queue is None:
            self._queue = RunQueue()
        self._calls = []
        self._open = []
        self._frames = set()
        sys.setprofile(self._profile)

    def disarm(self) -> None:
        """Stops; called on the same thread. The record stays."""
        sys.setprofile(None)

    def slow_calls(self) -> list[Call]:
        """The calls that held the loop, each at the innermost place of the learner's that explains it."""
        calls = list(self._calls)
        often: dict[tuple[str, int, str], list[float]] = {}
        for call in calls:
            if call.own >= OFTEN_EACH:
                often.setdefault(_at(call), []).append(call.own)
        many = {at for at, times in often.items() if len(times) >= OFTEN and sum(times) >= OFTEN_ALL}
        slow = [call for call in calls if call.slow or (call.own >= OFTEN_EACH and _at(call) in many)]
        return [call for call in slow if not any(call.contains(other) for other in slow)]

    def _now(self) -> Reading:
        assert self._queue is not None
        return Reading(time.perf_counter(), time.thread_time(), self._queue.seconds())

    def _begin(self, key: Any, frame: FrameType, line: int, callee: str) -> None:
        if isinstance(key, FrameType):
            self._frames.add(id(key))  # no other frame has the number, as the entry keeps this one
        self._open.append(_Open(key, frame, line, callee, self._now(), len(self._open)))

    def _end(self, entry: _Open) -> None:
        start, end = entry.start, self._now()
        if end.wall - start.wall < KEEP:
            return
        code = entry.frame.f_code
        place = self._learner.describe(code.co_filename, entry.line or entry.frame.f_lineno, code.co_name)
        self._calls.append(Call(place, entry.callee, start.wall, end.wall - start.wall,
                                end.cpu - start.cpu, end.queued - start.queued, entry.depth))

    def _profile(self, frame: FrameType, event: str, arg: Any) -> None:
        # Called at each start and end of any function, the libraries' too: for those it has to find in few steps that there is nothing to do.
        theirs = self._theirs
        if event == "call":
            # Whoever of theirs calls has an open call of its own; to ask any frame for its caller takes longer than all else here.
            caller = frame.f_back if self._open else None
            if caller is not None and theirs[caller.f_code.co_filename]:
                name = getattr(frame.f_code, "co_qualname", frame.f_code.co_name)
                self._begin(frame, caller, caller.f_lineno, name)
            if theirs[frame.f_code.co_filename]:
                self._begin(frame, frame, 0, "")
        elif event == "c_call":
            if theirs[frame.f_code.co_filename]:
                self._begin((frame, arg), frame, frame.f_lineno, getattr(arg, "__qualname__", str(arg)))
        elif not self._open:
            return
        elif event == "return":
            if id(frame) in self._frames:
                self._frames.remove(id(frame))
                while any(entry.key is frame for entry in self._open):
                    entry = self._open.pop()
                    if entry.key is frame:
                        self._end(entry)
        elif isinstance(key := self._open[-1].key, tuple) and key[0] is frame:  # c_return, c_exception
            self._end(self._open.pop())
