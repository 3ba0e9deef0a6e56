"""A gate in front of waiting itself: ``time.sleep`` and ``asyncio.sleep`` of a request.

In the first exercises the slow dependency is a sleep, so that is what has to be held. The two
functions are replaced in the host before anything else is imported, so every way to reach them
(``from time import sleep``, ``anyio.sleep``, ``asyncio.to_thread(time.sleep, …)``) ends here.
A held sleep is never shorter than it was asked to be: the gate only adds time. In *logical time*
(`WaitGate.skip`) it is over as soon as it is let go, so that long waits can be looked at in no time;
what it need not wait any more is noted.
"""

import asyncio
import asyncio.tasks
import contextlib
import functools
import sys
import threading
import time
import weakref
from contextvars import ContextVar
from types import FrameType
from typing import Any

from dojo.gate import Arrival, Turnstile
from dojo.stack import Learner

#: The number of the request that this code works for; None outside of any.
REQUEST: ContextVar[int | None] = ContextVar("dojo_request", default=None)

#: Shorter sleeps are a polling loop's, not a dependency's, and are never held, unless the judge says otherwise. In seconds.
SHORTEST = 0.02

real_sleep = time.sleep
real_async_sleep = asyncio.sleep

_gate: "WaitGate | None" = None


class WaitGate(Turnstile):
    """The gate in front of the sleeps of the requests that one event loop serves."""

    def __init__(self, learner: Learner) -> None:
        super().__init__()
        self.learner = learner
        self.loop_thread: int | None = None
        self.shortest = SHORTEST
        self.skip = False
        #: Sleeps on the loop's own thread that weren't held, too short for it or no request's: where, and for how many seconds in all.
        self.slept_on_loop: dict[tuple[str, int], tuple[dict[str, Any], float, int]] = {}
        #: For each request, in which of the loop's steps it slept on the loop's own thread; more than one: it gave the loop back.
        self.steps: dict[int | None, set[int]] = {}
        self._step = 0
        self._before = weakref.WeakSet[threading.Thread]()

    def watch(self) -> None:
        """Makes this the process's gate; called on the event loop's thread."""
        global _gate
        self.loop_thread = threading.get_ident()
        self._before = weakref.WeakSet(threading.enumerate())
        _gate = self

    def look(self, shortest: float = SHORTEST, skip: bool = False) -> None:
        """Closes the gate to sleeps of ``shortest`` seconds or more, with or without logical time."""
        self.shortest, self.skip = shortest, skip
        self.slept_on_loop.clear()
        self.steps.clear()
        self.close()

    def passes(self, seconds: Any) -> bool:
        """Whether a sleep is too short to be held, or forever, or no number, of which the real function complains."""
        try:
            return not self.shortest <= seconds < threading.TIMEOUT_MAX
        except TypeError:
            return True

    def note_on_loop(self, seconds: float, frame: FrameType) -> None:
        """Notes a sleep on the loop's own thread that isn't held; many of them hold the loop as one long one does."""
        if REQUEST.get() is not None:
            self._note_step()
        place = self.learner.innermost(frame)
        if place is not None:
            key = (place["file"], place["line"])
            _, slept, times = self.slept_on_loop.get(key, (place, 0.0, 0))
            self.slept_on_loop[key] = (place, slept + seconds, times + 1)

    def _note_step(self) -> None:
        """Notes the loop's step in which the current request sleeps; whatever runs next on the loop is in another."""
        def next_step() -> None:
            self._step += 1

        self.steps.setdefault(REQUEST.get(), set()).add(self._step)
        with contextlib.suppress(RuntimeError):  # no loop runs here
            asyncio.get_running_loop().call_soon(next_step)

    def rest(self, arrival: Arrival, held: bool) -> float:
        """How much longer ``arrival``, which was ``held`` or not, has to sleep; in seconds."""
        left = max(0.0, arrival.arrived + arrival.seconds - time.perf_counter())
        if held and self.skip:
            arrival.skipped = left
            return 0.0
        return left

    def _arrival(self, what: str, seconds: float, awaited: bool, frame: FrameType | None) -> Arrival:
        on_loop = threading.get_ident() == self.loop_thread
        place = ("loop" if awaited else "blocking") if on_loop else "pool"
        return Arrival(
            what=f"{what}({seconds:g})",
            place=place,
            seconds=seconds,
            arrived=time.perf_counter(),
            request=REQUEST.get(),
            thread=threading.current_thread().name,
            frame=self.learner.innermost(frame),
        )

    def hold(self, seconds: float, frame: FrameType, what: str = "") -> None:
        """A sleep of a thread, or ``what`` else it does that takes ``seconds``."""
        arrival = self._arrival("time.sleep", seconds, False, frame)
        arrival.what = what or arrival.what
        if arrival.place == "blocking":
            self._note_step()
        go = threading.Event()
        arrival.let_go = go.set
        try:
            if held := self.arrive(arrival):
                go.wait()
            real_sleep(self.rest(arrival, held))
        finally:
            self.leave(arrival)

    async def hold_async(self, seconds: float, frame: FrameType, what: str = "") -> None:
        """A sleep of a coroutine, or ``what`` else it awaits that takes ``seconds``."""
        loop = asyncio.get_running_loop()
        arrival = self._arrival("asyncio.sleep", seconds, True, frame)
        arrival.what = what or arrival.what
        go: asyncio.Future[None] = loop.create_future()

        def let_go() -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(_set, go)

        arrival.let_go = let_go
        try:
            if held := self.arrive(arrival):
                await go
            await real_async_sleep(self.rest(arrival, held))
        finally:
            self.leave(arrival)

    def concerns(self, frame: FrameType) -> bool:
        """Whether a sleep is a request's: called for one, or on a thread that may work for one.

        A pool's thread carries no request when it is handed a bare function, nor does a thread that
        the learner's code starts. The loop's thread always does, and what the start-up began has none.
        """
        if REQUEST.get() is not None:
            return True
        if threading.get_ident() == self.loop_thread:
            return False
        return _is_worker(frame) or (self.learner.owns(frame.f_code) and threading.current_thread() not in self._before)


def detach() -> None:
    """Takes the gate away from this process: a child that the host forks has nobody who would let it go."""
    global _gate
    _gate = None


def _set(future: "asyncio.Future[None]") -> None:
    if not future.done():
        future.set_result(None)


def _is_worker(frame: FrameType) -> bool:
    """Whether ``frame`` is a pool's thread at work, which carries no request when handed a bare function."""
    file = frame.f_code.co_filename.replace("\\", "/")
    return file.endswith(("concurrent/futures/thread.py", "_backends/_asyncio.py"))


@functools.wraps(real_sleep)
def _sleep(seconds: Any, /) -> None:
    gate = _gate
    if gate is None:
        return real_sleep(seconds)
    frame = sys._getframe(1)
    if not gate.passes(seconds) and gate.concerns(frame):
        return gate.hold(seconds, frame)
    real_sleep(seconds)
    if threading.get_ident() == gate.loop_thread:
        gate.note_on_loop(seconds, frame)
    return None


@functools.wraps(real_async_sleep)
async def _async_sleep(delay: Any, result: Any = None) -> Any:
    gate = _gate
    if gate is None or gate.passes(delay):
        return await real_async_sleep(delay, result)
    frame = sys._getframe()
    if not gate.concerns(frame.f_back or frame):
        return await real_async_sleep(delay, result)
    await gate.hold_async(delay, frame.f_back or frame)
    return result


def install() -> None:
    """Puts the gate in front of both functions; to be called before other modules take copies."""
    time.sleep = _sleep
    asyncio.sleep = asyncio.tasks.sleep = _async_sleep
