"""A gate in the judge: it stands in front of a dependency and holds what the service asks of it.

`OutsideGate` is what all of them share: calls that came, calls that are held, rounds. What it
stands in front of is the affair of its subclasses: ``relay.py`` (a TCP server), ``upstreams.py``
(an HTTP service), ``handed.py`` (a given function of the learner's service).
"""

import asyncio
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(eq=False)
class Call:
    """One question that the service asked of a dependency; times are ``time.perf_counter`` seconds.

    ``text`` is the question in the dependency's own words (the SQL, the command, ``GET /path``),
    ``values`` what was bound to it, ``connection`` the number of the connection that it came on.
    """

    number: int
    text: str
    connection: int
    sent: float
    values: tuple[Any, ...] = ()
    details: dict[str, Any] = field(default_factory=dict)
    answered: float | None = None
    round: int | None = None
    #: Why its answer won't come, when it can't: the caller hung up, or the gate broke the connection.
    lost: str = ""


class OutsideGate:
    """Counts, holds and lets go calls; everything runs on the judge's event loop."""

    def __init__(self, name: str = "the dependency") -> None:
        #: How messages call what it stands in front of: "the database".
        self.name = name
        self.calls: list[Call] = []
        self.rounds: list[int] = []
        #: How many connections were ever opened to it.
        self.connections = 0
        #: Added to every answer, in seconds.
        self.delay = 0.0
        self._numbers = itertools.count(1)
        self._closed = False
        self._concerns: Callable[[Call], bool] = lambda call: True
        self._waiting: dict[Call, asyncio.Future[None]] = {}

    # -- for katas

    def close(self, only: Callable[[Call], bool] | None = None) -> None:
        """Holds all calls from now on, or those for which ``only`` is true; forgets what came before."""
        self._closed = True
        self._concerns = only or (lambda call: True)
        self.calls = [call for call in self.calls if call.answered is None and not call.lost]
        self.rounds = []

    def release(self, count: int | None = None, only: Callable[[Call], bool] = lambda call: True) -> int:
        """One round: the calls that are held now go on (of those for which ``only`` is true, the ``count`` oldest). Returns how many."""
        batch = [(call, go) for call, go in self._waiting.items() if only(call)][:count]
        if batch:
            self.rounds.append(len(batch))
        for call, go in batch:
            call.round = len(self.rounds)
            if not go.done():
                go.set_result(None)
        return len(batch)

    def open(self) -> int:
        """Lets all go, and whoever comes later too. Returns how many were held."""
        self._closed = False
        return self.release()

    @property
    def held(self) -> list[Call]:
        """The calls that have been sent and wait for their answer at the gate, in the order of their coming."""
        return [call for call in self._waiting if not call.lost]

    @property
    def unanswered(self) -> int:
        """How many calls were sent and not yet answered."""
        return sum(call.answered is None and not call.lost for call in self.calls)

    async def arrived(self, count: int, patience: float = 5.0) -> bool:
        """Waits until ``count`` calls have come since the gate was closed, and stand at it; False when they didn't in ``patience`` seconds."""
        until = time.perf_counter() + patience
        while len(self.calls) < count or any(self._is_on_its_way(call) for call in self.calls):
            if time.perf_counter() > until:
                return False
            await asyncio.sleep(0.002)
        return True

    def _is_on_its_way(self, call: Call) -> bool:
        """Whether ``call`` has come, will be held, and doesn't stand at the gate yet."""
        return self._closed and call not in self._waiting and call.answered is None and not call.lost and call.round is None and self._concerns(call)

    # -- for subclasses

    def _came(self, text: str, connection: int, values: tuple[Any, ...] = (), **details: Any) -> Call:
        call = Call(next(self._numbers), text, connection, time.perf_counter(), values, details)
        self.calls.append(call)
        return call

    async def _passes(self, call: Call, delay: float = 0.0) -> None:
        """Returns when the answer to ``call`` may go out, ``delay`` seconds after it was let go."""
        if self._closed and self._concerns(call):
            go = self._waiting[call] = asyncio.get_running_loop().create_future()
            try:
                await go
            finally:
                self._waiting.pop(call, None)
        if self.delay or delay:
            await asyncio.sleep(self.delay + delay)
        call.answered = time.perf_counter()
