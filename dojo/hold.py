"""Many requests at once while a gate of the judge's holds what the service asks of a dependency.

`hold` is to a real database or an upstream what `hold_and_ping` is to a sleep: the gate is closed,
the requests are sent, and once their calls are held in front of it (an event, not a time) they are
counted; then ``/health`` is asked; then the gate is opened and all of them must finish.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dojo import witness
from dojo.burst import Burst, Observation, Request, ask_health
from dojo.evidence import cut, held_loop, listed, plural, quoted, visible, where
from dojo.outside import Call, OutsideGate
from dojo.subject import Inconclusive

if TYPE_CHECKING:
    from dojo.subject import Service

#: So many requests are sent at once; the next ones once these are held. Connecting takes the service some work, and a
#: hundred connections made in one moment on a busy machine would run into a client's time limits, which is no queue.
BATCH = 16

#: How often the loop must have given a sign of life, with nobody new coming, until nobody is expected any more.
SIGNS_OF_LIFE = 25

#: When requests have kept coming for so many seconds, the first of them may have run into a time limit that is the client's own, before the
#: gate is opened: five seconds are usual, and all of them are here after half a second on a machine that isn't too busy.
TOO_SLOW = 3.0


@dataclass
class Held(Observation):
    """What `hold` saw of ``count`` requests; beside an `Observation`, the calls that stood at the gate.

    ``in_flight`` are the calls that the dependency had got and not yet answered, all at the same time.
    """

    gate: OutsideGate = field(default_factory=OutsideGate)
    in_flight: list[Call] = field(default_factory=list)
    expected: int = 0
    asked: Sequence[Request] = ()

    @property
    def waiting(self) -> int:
        """How many calls stood at the closed gate at the same time."""
        return len(self.in_flight)

    @property
    def together(self) -> bool:
        """Whether as many calls as expected were in flight at the same time, and the loop was free."""
        return self.waiting >= self.expected and not self.blocks

    @property
    def spans(self) -> list[dict[str, Any]]:
        """The requests as the application saw them, in the order of their coming; without ``/health``."""
        spans = {s["number"]: s for r in (self.seen, self.after) for s in r.get("spans", ()) if s["path"] != "/health"}
        return sorted(spans.values(), key=lambda span: float(span["start"]))

    @property
    def reached(self) -> int:
        """How many of the requests had reached the application by then."""
        return sum(span["path"] != "/health" for span in self.seen.get("spans", ()))

    @property
    def early(self) -> int:
        """How many of the requests were answered while the gate was still closed."""
        return sum(span["path"] != "/health" and span["complete"] is not None for span in self.seen.get("spans", ()))

    @property
    def threads(self) -> int:
        """How many threads of Python's the service had while the gate was closed.

        A few are no sign of anything: names of hosts, for one, are resolved on threads.
        """
        return int(self.seen.get("threads", 0))

    @property
    def wrong_answers(self) -> list[Any]:
        """The responses that aren't a success."""
        return [r.response for r in self.requests if r.response is not None and not r.response.is_success]

    def why_not_together(self, call: str = "call") -> str:
        """Who waits for whom, for requests that don't wait together; ``call`` is what the gate counts: "query"."""
        sent = f"{plural(self.count, 'request')} to {self.path} {'were sent together' if self.count > 1 else 'was sent'}."
        if self.blocks:
            return self._blocked_while(sent, call)
        got = f"{self.waiting} at once, and no more"
        if self.waiting < 2:
            got = f"1 {call}, and the next only after that had been answered" if self.waiting else f"no {call}"
        told = [f"{sent} While its answers were held, {self.gate.name} got {got}."]
        if self.early:
            told.append(f"{plural(self.early, 'request')} {'was' if self.early == 1 else 'were'} answered without waiting for {self.gate.name}.")
            if set(self.statuses) - {200}:
                told.append(f"In the end the answers were {listed([f'{count} × {status}' for status, count in sorted(self.statuses.items())])}.")
                told += [f"One of them said:\n    {cut(visible(answer.text), 140)}" for answer in self.wrong_answers[:1]]
        elif self.waiting < self.expected:
            told.append(self._queue())
        for place in self.seen.get("standing", ())[:3]:
            thread = " (on a thread)" if place.get("pool") else ""
            told.append(f"{place['count']} stood at {where(place)}{thread}:{quoted(place)}")
        return "\n".join(line for line in told if line)

    def _queue(self) -> str:
        pools = self.seen.get("pools", {})
        if pools.get("queued"):
            return f"FastAPI's pool of threads has {pools['threads']}, {pools['busy']} were busy: the others queue for one."
        if pools.get("executor_queued"):
            return f"asyncio's default executor has {pools['executor_threads']} threads: the others queue for one."
        return ""

    def _blocked_while(self, sent: str, call: str) -> str:
        never = self.count - self.reached
        lines = [f"{sent} {self.gate.name[0].upper()}{self.gate.name[1:]} got {plural(self.waiting, call)} and held the answer"
                 + (f"; {plural(never, 'request')} never reached your code." if never > 0 else ".")]
        if self.health is False:
            lines.append("/health did not answer meanwhile.")
        return "\n".join([*lines, "", self.bars(), "", held_loop(self.blocks[0])])


async def hold(service: "Service", gate: OutsideGate, requests: Sequence[Request], *, expected: int | None = None,
               only: Callable[[Call], bool] | None = None, health: str | None = "/health", patience: float = 8.0, clock: bool = True,
               silence: float = 0.4) -> Held:
    """Sends ``requests`` while ``gate`` is closed and sees what stands there (see `Held`); opens it and waits for the answers.

    ``expected``: how many calls should be in flight together (default: one a request). ``only``:
    which calls are held (default: all). ``patience``: seconds without any news, only to end a hang.
    ``clock``: whether the calls of the learner's code are timed as well. Hundreds of requests take
    several times longer for it, and a library's own time limits may run out meanwhile; who holds the
    loop while answers are held is seen without. ``silence``: without news for so many seconds, nobody is
    coming any more, when all requests have started and the loop is alive.
    """
    expected = len(requests) if expected is None else expected
    await service.watch(clock)
    gate.close(only)
    burst = Burst(service, requests, first=BATCH)
    began = time.perf_counter()
    try:
        seen = await _gather(service, gate, burst, expected, patience, silence)
        in_flight = gate.held
        healthy, asked = await ask_health(service, health, seen) if health is not None else (None, None)
        # Who waits for /health in vain waits that long on any machine, and says so.
        slow = seen["slow"] or (healthy is not False and len(in_flight) >= expected and time.perf_counter() - began > TOO_SLOW)
    finally:
        gate.open()
    await burst.finish(patience)
    after = await service.report()
    paths = {request.path for request in requests}
    path = paths.pop() if len(paths) == 1 else f"{_common(paths)}…"
    held = Held(path, len(requests), 0.0, burst.requests, seen, after, healthy, asked, printed=service.host.output(),
                gate=gate, in_flight=in_flight, expected=expected, asked=requests)
    if slow and held.wrong_answers and not held.blocks:
        raise Inconclusive(f"the machine is too busy: {plural(len(requests), 'request')} to {path} took more than {TOO_SLOW:g} s to come, "
                           f"and not all answers were a success (failed: {len(held.wrong_answers)}): a client's own time limit may have run out")
    witness.timeline(held)
    return held


def _common(paths: set[str]) -> str:
    """What all paths begin with."""
    first, last = min(paths), max(paths)
    return first[: next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))]


async def _gather(service: "Service", gate: OutsideGate, burst: Burst, expected: int, patience: float, silence: float) -> dict[str, Any]:
    """The host's record once ``expected`` calls are held, or nobody new comes any more; sends what is still unsent."""
    count = len(burst.requests)
    sent = burst.send(0)
    began = changed = time.perf_counter()
    mark: tuple[int, ...] = ()
    alive, quiet_since, work = 0, changed, 0
    calls, over = 0, False
    coming, slow = True, False  # whether they still came a moment ago; whether they did when the first was over, and that took too long

    async def record(**more: Any) -> dict[str, Any]:
        return {**await service.report(), "slow": slow, **more}

    while time.perf_counter() - changed < patience:  # as long as somebody comes, on however busy a machine
        if len(gate.held) >= expected and sent == count:
            await asyncio.sleep(0.02)  # whoever else comes now is counted too
            return await record()
        if sent < count and len(gate.held) >= sent * expected // count:  # these are here: the next ones
            sent = burst.send(BATCH)
        pulse: Mapping[str, Any] = await service.pulse()
        # A call that its client gives up is news as well: its request may be about to be answered with an error.
        now = (sent, len(gate.calls), len(gate.held), gate.unanswered, pulse["started"], pulse["done"])
        if now != mark:
            mark, alive, changed = now, 0, time.perf_counter()
            quiet_since = changed
        alive += pulse["alive"]
        # A call that has come and isn't held waits for the real server, which may need a while on a busy machine.
        under_way = gate.unanswered > len(gate.held)
        long_enough = time.perf_counter() - quiet_since >= (silence if pulse["started"] >= sent else 1.0)
        quiet = alive >= SIGNS_OF_LIFE and long_enough and not under_way
        if not over:
            over = pulse["done"] > 0
            if not over:  # on a busy machine a loop may look stuck for a while: whoever comes after that waited in no queue
                coming, calls = len(gate.calls) > calls or (coming and not quiet and not pulse["stuck"]), len(gate.calls)
            slow = over and coming and time.perf_counter() - began > TOO_SLOW
        if sent < count:
            if pulse["stuck"] or quiet or pulse["done"] >= sent:  # these don't get through: all the rest at once
                sent = burst.send()
        elif pulse["stuck"]:
            return await record(held_up=True)
        elif pulse["done"] >= count:
            return await record()
        elif quiet:
            seen = await record(quiet=True)
            if seen["children"] == work:
                return seen
            # A process of a pool starts up, or computes: whoever comes from there is waited for.
            alive, quiet_since, work = 0, time.perf_counter(), seen["children"]
        await asyncio.sleep(0.003)
    burst.send()
    return await record(patience=patience)
