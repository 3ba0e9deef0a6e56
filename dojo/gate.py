"""A gate holds the calls that come to it until it is told to let them go.

This is what makes concurrency countable. While the gate is closed nobody gets through, so calls
that can overlap must all end up standing in front of it, together; each opening is a *round*, a
logical clock. Five calls in one round overlapped; five rounds of one call were a sequence. No
stopwatch is involved.

`Turnstile` is the general part: it knows arrivals and rounds, not what it stands in front of.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(eq=False)
class Arrival:
    """One call at the gate; times are ``time.perf_counter`` seconds, which all processes share.

    ``place`` says where it waits: ``"pool"`` (a thread that isn't the event loop's), ``"loop"``
    (awaited, the loop is free) or ``"blocking"`` (a synchronous call on the loop's own thread,
    which holds everything else up).
    """

    what: str
    place: str
    seconds: float
    arrived: float
    request: int | None = None
    thread: str = ""
    frame: dict[str, Any] | None = None
    left: float | None = None
    round: int | None = None
    #: How many of its seconds it need not wait any more, as time in front of the gate was logical time.
    skipped: float = 0.0
    let_go: Callable[[], object] = field(default=lambda: None, repr=False)

    def as_data(self) -> dict[str, Any]:
        """What the judge gets to see of it."""
        return {k: getattr(self, k) for k in
                ("what", "place", "seconds", "arrived", "request", "thread", "frame", "left", "round", "skipped")}


class Turnstile:
    """Counts and holds arrivals; safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._closed = False
        self._held: list[Arrival] = []
        self.arrivals: list[Arrival] = []
        self.rounds: list[int] = []

    def arrive(self, arrival: Arrival) -> bool:
        """Notes ``arrival``; whether it has to wait for its ``let_go`` to be called."""
        with self._lock:
            self.arrivals.append(arrival)
            if self._closed:
                self._held.append(arrival)
            return self._closed

    def leave(self, arrival: Arrival) -> None:
        """Notes that ``arrival`` went on, let go or given up."""
        with self._lock:
            arrival.left = time.perf_counter()
            if arrival in self._held:
                self._held.remove(arrival)

    def held(self) -> list[Arrival]:
        """Those that stand in front of the gate now."""
        with self._lock:
            return list(self._held)

    def close(self) -> None:
        """From now on every arrival waits; what was seen before is forgotten."""
        with self._lock:
            self._closed = True
            self.arrivals.clear()
            self.rounds.clear()

    def release(self) -> int:
        """One round: those that stand here now go on. Returns how many they were."""
        with self._lock:
            batch, self._held = self._held, []
            if batch:
                self.rounds.append(len(batch))
            for arrival in batch:
                arrival.round = len(self.rounds)
        for arrival in batch:
            arrival.let_go()
        return len(batch)

    def open(self) -> int:
        """Lets all go, and whoever comes later too. Returns how many stood here."""
        with self._lock:
            self._closed = False
        return self.release()
