"""What happened inside the host: each request's span, and who held the event loop, on which line.

Three observers share this record:

- an outermost ASGI layer notes for each request when it reached the application, when its
  response was complete and when the application returned: two different ends, because
  background tasks run between them;
- a *watcher* thread asks the loop for a sign of life and, when none comes, looks at the line at
  which the loop stands. It works while a step doesn't finish, and so names endless loops too;
- the *call clock* (``clock.py``) times the learner's calls.

The layer is always there, and made to cost next to nothing; watcher and call clock, which cost
more, start when a gate is closed for the first time.

All of it works on asyncio's loop and on uvloop's: nothing of the loop itself is replaced.
"""

import asyncio
import contextlib
import itertools
import multiprocessing.process
import os
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import FrameType
from typing import Any

from dojo.clock import CallClock
from dojo.stack import Learner, current_frames
from dojo.waits import REQUEST, SHORTEST, WaitGate, real_sleep

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

#: How often the watcher asks for a sign of life, and how long it waits before it looks. In seconds.
WATCH_EVERY = 0.02
LOOK_AFTER = 0.06
#: How many requests are remembered once a gate was closed, and how many before: the fewer, the warmer the CPU's caches.
SPANS_KEPT = 2000
NEWEST_KEPT = 16
#: The loop is stuck once it has stood in one call for so long while a request was held, which can
#: last until the judge lets go; with nothing held, only much longer standing tells. In seconds.
STUCK_WHILE_HELD = 0.3
STUCK_ANYWAY = 1.5
#: While all waits that a gate knows are over at once, standing is a wait of another kind. In seconds.
STUCK_IN_LOGICAL_TIME = 0.8
#: Short sleeps at one place, on the loop's own thread, hold it once they amount to so much. In seconds.
SLEPT_ON_LOOP = 0.1
#: How often child processes are waited for where it can't be seen whether they work.
LOOKS_AT_CHILDREN = 6


class Span:
    """One request as the application saw it; times are ``time.perf_counter`` seconds.

    ``complete`` is when the last part of its response was handed to the server, ``returned`` when
    the application returned. Made by hand: every request pays for it.
    """

    __slots__ = ("complete", "error", "method", "number", "path", "returned", "send", "start", "status", "task")

    def __init__(self, number: int, method: str, path: str, start: float, send: Send) -> None:
        self.number = number
        self.method = method
        self.path = path
        self.start = start
        self.status: int | None = None
        self.complete: float | None = None
        self.returned: float | None = None
        self.error: dict[str, Any] | None = None
        #: The task that works for it, until the application returns.
        self.task: asyncio.Task[Any] | None = None
        self.send = send

    def noted(self, message: Message) -> Awaitable[None]:
        """Sends a part of its response, and notes what it says."""
        if "status" in message:
            self.status = message["status"]
        elif not message.get("more_body") and message["type"] == "http.response.body":
            self.complete = time.perf_counter()
        return self.send(message)


@dataclass(frozen=True)
class Sight:
    """Where the watcher saw the loop's thread stand while it gave no sign of life."""

    time: float
    place: dict[str, Any]
    cpu: float
    runnable: bool


class Probe:
    """The observers of one event loop; made in the host before the learner's code is loaded."""

    def __init__(self, learner: Learner, gate: WaitGate) -> None:
        self.learner = learner
        self.gate = gate
        self.clock = CallClock(learner)
        self.startup_error: dict[str, Any] | None = None
        # The newest only: a load test would fill the memory, and every collection of garbage would walk through all.
        self._spans: deque[Span] = deque(maxlen=NEWEST_KEPT)
        # Which exception a request ended with is asked after the fact: whatever else is forgotten, these are kept.
        self._failed: deque[Span] = deque(maxlen=NEWEST_KEPT)
        self._leaving: list[Span] = []
        self._sights: list[Sight] = []
        self._frame: FrameType | None = None
        self._stand = 0
        self._asked: float | None = None
        self._watching = False
        self._held_outside = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = 0
        self._native = 0
        self._looks = 0

    # -- the ASGI layer

    def layer(self, application: Application) -> Application:
        """``application`` with its requests' spans noted."""

        numbers, clock, current_task, enter = itertools.count(1), time.perf_counter, asyncio.current_task, REQUEST.set

        async def observed(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                return await self._unobserved(application, scope, receive, send)
            span = Span(next(numbers), scope["method"], scope["path"], clock(), send)
            self._spans.append(span)
            span.task = current_task()
            enter(span.number)  # for this task and what it starts: the server makes a task for each request
            try:
                await application(scope, receive, span.noted)
            except BaseException as error:
                span.error = self.learner.error(error)
                self._failed.append(span)
                raise
            finally:
                span.returned = clock()
                span.task = None

        return observed

    async def _unobserved(self, application: Application, scope: Scope, receive: Receive, send: Send) -> None:
        """The lifespan, and WebSockets."""
        try:
            await application(scope, receive, send)
        except BaseException as error:
            if scope["type"] == "lifespan":
                self.startup_error = self.learner.error(error)
            raise

    # -- the watcher

    def attach(self) -> None:
        """Takes the running loop as the one to observe; called on its thread."""
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._native = threading.get_native_id()
        self.gate.watch()

    def _sign_of_life(self) -> None:
        self._asked = None
        self._frame = None

    def _watch(self) -> None:
        assert self._loop is not None
        while not self._loop.is_closed():
            asked = self._asked
            if asked is None:
                self._asked = time.perf_counter()
                try:
                    self._loop.call_soon_threadsafe(self._sign_of_life)
                except RuntimeError:  # closed since
                    return
            elif time.perf_counter() - asked > LOOK_AFTER:
                self._look()
            real_sleep(WATCH_EVERY)

    def _look(self) -> None:
        frame = self.learner.innermost_frame(current_frames().get(self._thread))
        if frame is None or frame is not self._frame:
            # Another call than before, so the loop goes on. The frame is kept, as its address would
            # otherwise be given to the next one.
            self._frame, self._stand = frame, len(self._sights)
        place = self.learner.innermost(frame)
        if place is not None:
            self._sights.append(Sight(time.perf_counter(), place, self._cpu(), self._runnable()))

    def _cpu(self) -> float:
        """CPU time of the loop's thread in seconds; 0 where the platform can't tell."""
        if not hasattr(time, "pthread_getcpuclockid"):
            return 0.0
        return time.clock_gettime(time.pthread_getcpuclockid(self._thread))

    def _runnable(self) -> bool:
        """Whether the loop's thread computes or queues for a CPU, rather than waits (Linux; else False)."""
        try:
            with open(f"/proc/self/task/{self._native}/stat", "rb") as stat:
                return stat.read().rpartition(b")")[2].split()[0] == b"R"
        except OSError:
            return False

    def stuck(self) -> dict[str, Any] | None:
        """In which of the learner's calls the loop stands and doesn't go on; None when it runs."""
        sights = list(self._sights)[self._stand:]
        if self._asked is None or self._frame is None or len(sights) < 4:
            return None
        elapsed = sights[-1].time - sights[0].time
        cpu = sights[-1].cpu - sights[0].cpu
        held = self._held_outside or self.gate.held()
        if elapsed < (STUCK_WHILE_HELD if held else STUCK_IN_LOGICAL_TIME if self.gate.skip else STUCK_ANYWAY):
            return None
        # A thread that only queues for a CPU stands still as well; that is the machine's affair.
        if all(sight.runnable for sight in sights) and cpu < 0.25 * elapsed:
            return None
        computing = cpu > 0.5 * elapsed or 2 * sum(sight.runnable for sight in sights) > len(sights)
        return {"place": _commonest(sights), "seconds": elapsed, "computing": computing}

    # -- the record

    def close_gate(self, arm: bool = True, shortest: float = SHORTEST, skip: bool = False) -> None:
        """Holds the sleeps of requests from now on, forgets what was seen, arms the call clock; see `WaitGate.look`."""
        self.gate.look(shortest, skip)
        self.begin(arm)

    def begin(self, arm: bool = True, held_outside: bool = False) -> None:
        """Forgets what was seen and arms the call clock; ``held_outside``: a gate of the judge's holds requests."""
        self._held_outside = held_outside
        if not self._watching:
            self._watching = True
            threading.Thread(target=self._watch, name="dojo-watcher", daemon=True).start()
        seen = list(self._spans)
        self._leaving = [span for span in seen if span.complete is not None and span.returned is None]
        self._spans = deque((span for span in seen if span.complete is None and span.returned is None), maxlen=SPANS_KEPT)
        self._frame, self._stand = None, 0
        self._looks = 0
        self._sights.clear()
        if arm:
            self.on_loop(self.clock.arm)

    def on_loop(self, call: Callable[[], Any], patience: float = 1.0) -> Any:
        """What ``call`` returns when made on the loop's thread; None when it didn't get there in time."""
        assert self._loop is not None
        if any(arrival.place == "blocking" for arrival in self.gate.held()):
            return None  # it stands in front of the gate: waiting is in vain
        done = threading.Event()
        result: list[Any] = []

        def run() -> None:
            result.append(call())
            done.set()

        try:
            self._loop.call_soon_threadsafe(run)
        except RuntimeError:
            return None
        done.wait(patience)
        return result[0] if result else None

    def counts(self) -> tuple[int, int]:
        """How many requests reached the application, and how many of their responses are complete."""
        spans = list(self._spans)
        return len(spans), sum(span.complete is not None or span.returned is not None for span in spans)

    def error_of(self, path: str) -> dict[str, Any] | None:
        """The exception with which the last request to ``path`` ended, if one did."""
        for _ in range(100):  # an answer is on its way before the exception has left the application
            if all(span.returned is not None for span in [*self._leaving, *self._spans] if span.path == path):
                break
            real_sleep(0.005)
        failed = max((span for span in list(self._failed) if span.path == path), key=lambda span: span.number, default=None)
        said = (span for span in list(self._spans) if span.path == path and span.status == 500 and not span.error)
        if failed is None or any(span.number > failed.number for span in said):
            return None
        return failed.error

    def standing(self) -> list[dict[str, Any]]:
        """Where unfinished requests stand in the learner's code: each place, and how many stand there."""
        if self._loop is None:
            return []
        places: Counter[tuple[tuple[str, Any], ...]] = Counter()
        loop_side = self.on_loop(self._awaiting, patience=0.3) or []
        for place in loop_side:
            places[tuple(place.items())] += 1
        for thread, frame in current_frames().items():
            if thread != self._thread and (place := self.learner.innermost(frame)):
                places[tuple({**place, "pool": True}.items())] += 1
        return [{**dict(place), "count": count} for place, count in places.most_common()]

    def _awaiting(self) -> list[dict[str, Any]]:
        places = (self.learner.awaiting(task.get_coro()) for task in [span.task for span in list(self._spans)] if task)
        return [place for place in places if place]

    def pools(self) -> dict[str, Any]:
        """How the pools of threads are used: that of ``def`` endpoints, and asyncio's default executor."""
        return self.on_loop(self._pools, patience=0.3) or {}

    def _pools(self) -> dict[str, Any]:
        from anyio.to_thread import current_default_thread_limiter

        used = current_default_thread_limiter().statistics()
        pools: dict[str, Any] = {"threads": used.total_tokens, "busy": used.borrowed_tokens, "queued": used.tasks_waiting}
        frames = current_frames()
        executor = getattr(self._loop, "_default_executor", None)
        if isinstance(executor, ThreadPoolExecutor):
            pools["executor_threads"] = executor._max_workers
            pools["executor_queued"] = executor._work_queue.qsize()
            # A thread without work stands in the executor's own function.
            at = [frames.get(thread.ident or 0) for thread in list(executor._threads)]
            pools["executor_busy"] = sum(frame is not None and frame.f_code.co_name != "_worker" for frame in at)
        return pools

    def blocks(self) -> list[dict[str, Any]]:
        """What held the loop since the gate was closed, each with the kind of its proof.

        ``identity``: a sleep was entered on the loop's own thread, which needs no clock;
        ``stuck``: the loop stood at one line while others were held, or still stands;
        ``clock``: calls that took long, which count only when seen twice at the same place; their
        ``seconds`` are without the time for which the thread had no CPU, ``wall`` is with it.
        """
        found: list[dict[str, Any]] = [
            {"proof": "identity", "place": a.frame, "what": a.what, "computing": False, "times": 1,
             "seconds": a.seconds or (a.left or time.perf_counter()) - a.arrived}
            for a in list(self.gate.arrivals) if a.place == "blocking"
        ]
        found += [
            {"proof": "identity", "place": place, "what": "time.sleep", "computing": False, "times": times, "seconds": slept}
            for place, slept, times in list(self.gate.slept_on_loop.values()) if slept >= SLEPT_ON_LOOP
        ]
        if not found and (stuck := self.stuck()):
            found.append({"proof": "stuck", "what": "", "times": 1, **stuck})
        slow: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for call in self.clock.slow_calls():
            place = call.place
            if not call.callee:  # its own statements: the watcher may have seen on which line
                during = [s for s in list(self._sights) if call.start <= s.time <= call.start + call.wall]
                place = _commonest(during) or place
            entry = {"proof": "clock", "place": place, "what": call.callee, "seconds": call.own, "wall": call.wall,
                     "computing": call.cpu > 0.5 * call.own}
            slow.setdefault((place["file"], place["function"] if not call.callee else str(place["line"])), []).append(entry)
        for entries in slow.values():
            found.append({**max(entries, key=lambda entry: float(entry["seconds"])), "times": len(entries)})
        return found

    def report(self) -> dict[str, Any]:
        """Everything seen since the gate was closed, as plain data."""
        return {
            "spans": [self._plain(span) for span in list(self._spans)],
            "arrivals": [arrival.as_data() for arrival in list(self.gate.arrivals)],
            "held": [arrival.as_data() for arrival in self.gate.held()],
            "rounds": list(self.gate.rounds),
            "slept_on_loop": sum(slept for _, slept, _ in list(self.gate.slept_on_loop.values())),
            "gave_the_loop_back": sorted(number or 0 for number, steps in list(self.gate.steps.items()) if len(steps) > 1),
            "blocks": self.blocks(),
            "standing": self.standing(),
            "pools": self.pools(),
            "threads": threading.active_count(),
            "process": os.getpid(),
            "loop_thread": self._native,
            "children": self._children_s_work(),
        }

    def _children_s_work(self) -> int:
        """A number that changes as long as child processes compute, start up or queue for a CPU; 0 without any."""
        if sys.platform != "linux":  # their work can't be seen: they get so many looks' time
            children: set[Any] = multiprocessing.process._children  # type: ignore[attr-defined]  # asked for otherwise, it joins some
            self._looks = min(self._looks + 1, LOOKS_AT_CHILDREN) if children else 0
            return self._looks
        work, processes = 0, [os.getpid()]
        while processes:
            process = processes.pop()
            with contextlib.suppress(OSError, ValueError, IndexError):  # it has ended meanwhile
                for task in os.listdir(f"/proc/{process}/task"):
                    with open(f"/proc/{process}/task/{task}/children") as children_of:
                        processes += map(int, children_of.read().split())
                if process == os.getpid():
                    continue
                with open(f"/proc/{process}/schedstat") as schedstat, open(f"/proc/{process}/stat", "rb") as stat:
                    work += sum(map(int, schedstat.read().split()[:2]))
                    if stat.read().rpartition(b")")[2].split()[0] in (b"R", b"D"):
                        work += time.monotonic_ns()
        return work

    def _plain(self, span: Span) -> dict[str, Any]:
        fields = {name: getattr(span, name) for name in Span.__slots__ if name not in ("send", "task")}
        return {**fields, "thread": self._thread, "process": os.getpid()}

    def pulse(self) -> dict[str, Any]:
        """How many requests have come and how many are done, whether the loop answers, and whether it is stuck."""
        started, done = self.counts()
        return {"started": started, "done": done, "alive": self.on_loop(bool, patience=0.05) is not None, "stuck": self.stuck() is not None}

    # -- waiting for an event

    def gather(self, expected: int, patience: float, strangers: bool) -> dict[str, Any]:
        """Waits until ``expected`` requests are held or done, or until nobody new comes any more.

        "Nobody new" is counted, not timed: time and again the loop was asked for a sign of life
        and a new thread was started and ended, and no request, arrival or answer was added.
        ``strangers``: somebody else's requests, of which fewer than ``expected`` may ever be sent.

        Ends early when the loop is seen to be held. Returns `report`, with ``quiet`` (nobody new
        came), ``patience`` (in seconds, all of it used up) when that ended it.
        """
        began = time.perf_counter()
        mark: tuple[int, ...] = ()
        quiet = 0
        quiet_since = began
        while (elapsed := time.perf_counter() - began) < patience:
            arrivals = list(self.gate.arrivals)
            started, done = self.counts()
            held = len({a.request or -i for i, a in enumerate(self.gate.held())})
            if held + done >= expected:
                return self.report()
            if any(a.place == "blocking" for a in arrivals) or self.stuck():
                return {**self.report(), "held_up": True}
            now = (len(arrivals), held, started, done)
            if now != mark:
                mark, quiet, quiet_since = now, 0, time.perf_counter()
            silence = 0.4 if started >= expected else 1.0
            if (started >= expected or (strangers and started)) and quiet >= 25 and time.perf_counter() - quiet_since >= silence:
                return {**self.report(), "quiet": True}
            alive = self.on_loop(bool, patience=0.05) is not None
            thread = threading.Thread(target=bool)
            thread.start()
            thread.join()
            real_sleep(0.003 if elapsed < 0.2 else 0.01)
            quiet += alive
        return {**self.report(), "patience": patience}


def _commonest(sights: list[Sight]) -> dict[str, Any]:
    """The place at which the loop was seen most often; empty when it wasn't seen at all."""
    if not sights:
        return {}
    lines = Counter((sight.place["file"], sight.place["line"]) for sight in sights)
    where = lines.most_common(1)[0][0]
    return next(sight.place for sight in sights if (sight.place["file"], sight.place["line"]) == where)


