"""Calls the learner's burst() for exercise 1.4: on an event loop whose clock the judge holds, or with nobody to answer.

On a held clock no timer goes off. So what a client does by itself, such as sending the next
request a little later or giving up, is told apart from what it does because an answer came.
"""

import asyncio
import socket
import threading
from collections.abc import Mapping
from typing import Any

from app import experiment
from dojo.host import named

#: Timers that are due later than this are no part of getting ready, but somebody's time limit. In seconds.
SOON = 1.0


class HeldClock:
    """The clock of a running event loop, which stands still until the judge moves it."""

    def __init__(self, loop: Any) -> None:
        self._loop = loop
        self._real = loop.time
        self._now = loop.time()
        self._ahead: float | None = None
        loop.time = self.time

    def time(self) -> float:
        """What the loop takes for the time."""
        return self._now if self._ahead is None else self._real() + self._ahead

    def to_the_next_timer(self) -> None:
        """Lets the timers go off that are due first, if that is soon."""
        due = [handle.when() for handle in self._loop._scheduled if not handle.cancelled()]
        if due and self._ahead is None and min(due) - self._now <= SOON:
            self._now = max(self._now, min(due))

    def leap(self, seconds: float) -> None:
        """Lets ``seconds`` pass at once; from then on the clock goes as clocks do."""
        self._ahead = self.time() + seconds - self._real()

    def settled(self, then: Any, quiet: int = 0, rounds: int = 10_000) -> None:
        """Calls ``then`` once the loop had nothing to do many times in a row."""
        quiet = 0 if self._loop._ready else quiet + 1
        if quiet > 10 or rounds == 0:
            then()
        else:
            self._loop.call_soon(self.settled, then, quiet, rounds - 1)

    def obey(self, line: socket.socket) -> None:
        """Does what the judge says, on a thread: ``next 1``, ``leap 2 9.0``; says the number when the loop has settled."""
        for words in line.makefile("r"):
            what, number, *seconds = words.split()

            def done(number: str = number) -> None:
                line.sendall(f"{number}\n".encode())

            def move(what: str = what, seconds: list[str] = seconds) -> None:
                if what == "leap":
                    self.leap(float(seconds[0]))
                else:
                    self.to_the_next_timer()

            try:
                self._loop.call_soon_threadsafe(move)
                self._loop.call_soon_threadsafe(self.settled, done)
            except RuntimeError:  # the loop is closed: burst() is over
                return


def in_the_judges_hand(port: int) -> HeldClock:
    """The clock of the loop that runs here, which stands still; ``port`` is where the judge says when it goes on."""
    clock = HeldClock(asyncio.get_running_loop())
    line = socket.create_connection(("127.0.0.1", port))  # the judge's own, which answers at once
    threading.Thread(target=clock.obey, args=(line,), daemon=True).start()
    return clock


async def burst(url: str, n: int, payload: Mapping[str, Any], port: int) -> Any:
    """The learner's burst(), on a clock that stands still."""
    in_the_judges_hand(port)
    return await named(experiment, "burst", "app.experiment")(url, n, payload)


async def burst_to_nobody(url: str, n: int, payload: Mapping[str, Any], port: int) -> list[float] | None:
    """The latencies that the learner's burst() returns, on a clock that goes until the judge lets it leap; None when it raises an exception."""
    in_the_judges_hand(port).leap(0.0)
    try:
        return list((await experiment.burst(url, n, payload)).latencies_seconds)
    except Exception:
        return None
