"""How far a service has come that was asked to stop, and whether it waits for something on its way.

Uvicorn waits for open requests with their background tasks, then for the end of the lifespan. Then
it ends with the signal that asked it to: other tasks and threads are not waited for. At both
stages a right service may wait for its work while a gate of the judge's holds that; a wrong one
passes them. That it waits is told from the loop, which has nothing to do, time and again.
"""

import asyncio
import contextlib
import signal
import threading
from types import FrameType
from typing import Any

import uvicorn

from dojo.probe import Probe
from dojo.stack import Learner, current_frames

#: How far the loop's clock is put forward: who waits for a fixed time at the end, and not for the work, waits no longer. In seconds.
LEAP = 3.0


class Stopping:
    """One server's way to its end; all but `follow` may be called on any thread."""

    def __init__(self, learner: Learner, probe: Probe) -> None:
        #: ``""``, ``"requests"``, ``"lifespan"`` or ``"over"``.
        self.stage = ""
        self._learner = learner
        self._probe = probe
        self._server: uvicorn.Server | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = 0

    def follow(self, server: uvicorn.Server) -> None:
        """Notes the stages of ``server``."""
        self._server = server
        shut_down = server.shutdown

        async def followed(sockets: Any = None) -> None:
            self.stage, self._loop, self._thread = "requests", asyncio.get_running_loop(), threading.get_ident()
            end_lifespan = server.lifespan.shutdown

            async def noted() -> None:
                self.stage = "lifespan"
                await end_lifespan()

            server.lifespan.shutdown = noted
            await shut_down(sockets)
            self.stage = "over"

        server.shutdown = followed  # type: ignore[method-assign]

    def terminate(self) -> None:
        """Sends the process the signal by which services are asked to stop."""
        signal.raise_signal(signal.SIGTERM)

    def report(self) -> dict[str, Any]:
        """``stage``; ``waits``: whether there is something that it could wait for; ``idle``: whether the loop does nothing else.

        ``idle`` is None when the loop doesn't answer; then ``stands`` is the learner's line at which it stands, if it is
        one, and ``for_long`` whether it waits there for a thread with no time limit, or one that is longer than `LEAP`.
        """
        stage = self.stage
        waits = stage == "lifespan" or (stage == "requests" and self._server is not None and bool(self._server.server_state.tasks))
        idle = self._idle(patience=0.25)
        frame = current_frames().get(self._thread) if idle is None else None
        return {"stage": stage, "waits": waits, "idle": idle, "stands": self._learner.innermost(frame), "for_long": _waits_for_long(frame)}

    def _idle(self, patience: float) -> bool | None:
        """Whether nothing else is ready to run at this moment, which only asyncio's own loop can tell; None without an answer."""
        loop, answered, idle = self._loop, threading.Event(), False

        def look() -> None:
            nonlocal idle
            idle = not getattr(loop, "_ready", ())
            answered.set()

        if loop is None:
            return False
        try:
            # At one remove: the loop has to clear away first what woke it for this question.
            loop.call_soon_threadsafe(loop.call_soon, look)
        except RuntimeError:  # closed since
            return None
        return idle if answered.wait(patience) else None

    def leap(self) -> None:
        """Puts the loop's clock forward, so that a wait which a time limit would end ends now."""
        loop = self._loop
        if loop is None:
            return
        clock = loop.time
        with contextlib.suppress(AttributeError, RuntimeError):  # another kind of loop, or closed
            loop.time = lambda: clock() + LEAP  # type: ignore[method-assign]
            loop.call_soon_threadsafe(bool)

    def standing(self) -> list[dict[str, Any]]:
        """The places of the learner's at which the loop's tasks and the threads stand, each once."""
        places = self._probe.on_loop(self._tasks, patience=1.0) or []
        places += [self._learner.innermost(frame) for frame in current_frames().values()]
        return list({(place["file"], place["line"]): place for place in places if place}.values())

    def _tasks(self) -> list[dict[str, Any] | None]:
        return [self._learner.awaiting(task.get_coro()) for task in asyncio.all_tasks()]


def _waits_for_long(frame: FrameType | None) -> bool:
    """Whether one of threading's waits (``join``, ``Event.wait``, a queue's) stands there, and without a time limit to speak of."""
    while frame is not None:
        if frame.f_code.co_filename == threading.__file__ and "timeout" in frame.f_locals:
            timeout = frame.f_locals["timeout"]
            return timeout is None or timeout < 0 or timeout > LEAP
        frame = frame.f_back
    return False
