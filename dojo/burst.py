"""Many requests at once, and what was seen of them while their wait was held.

`hold_and_ping` is the proof on which the concurrency katas rest: the gate is closed, the requests
are sent, and once they stand in front of it (an event, not a time) they are counted, with where
they wait; then ``/health`` is asked; then the gate is opened and all of them must finish.
"""

import asyncio
import contextlib
import time
from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import h11
import httpx

from dojo import witness
from dojo.evidence import Picture, bars, held_loop, plural, quoted, where
from dojo.replies import LONGEST_REPLY, whole
from dojo.waits import SHORTEST

if TYPE_CHECKING:
    from dojo.subject import Service


@dataclass
class Sent:
    """One request, seen from outside; times are ``time.perf_counter`` seconds."""

    sent: float = 0.0
    answered: float | None = None
    response: httpx.Response | None = None


@dataclass(frozen=True)
class Request:
    """A request to send; ``options`` are httpx's, such as ``json``."""

    method: str
    path: str
    options: Mapping[str, Any] = field(default_factory=dict)


class Burst:
    """``asked`` requests that are sent together; with ``first``, only so many of them until `send` sends more."""

    def __init__(self, service: "Service", asked: Sequence[Request], first: int | None = None) -> None:
        self.requests = [Sent() for _ in asked]
        self._service = service
        self._unsent = deque(zip(self.requests, asked, strict=True))
        self._tasks: list[asyncio.Task[None]] = []
        self.send(first)

    def send(self, count: int | None = None) -> int:
        """Sends the next ``count`` requests, or all that are left; returns how many have been sent by then."""
        for _ in range(len(self._unsent) if count is None else min(count, len(self._unsent))):
            self._tasks.append(asyncio.create_task(self._send(*self._unsent.popleft())))
        return len(self._tasks)

    async def _send(self, request: Sent, asked: Request) -> None:
        request.sent = time.perf_counter()
        with contextlib.suppress(OSError, EOFError, h11.RemoteProtocolError, httpx.DecodingError):  # the host died: there is no answer
            request.response = await self._answer(self._service.client.build_request(asked.method, asked.path, **asked.options))
            request.answered = time.perf_counter()

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        """The answer to ``request`` on a connection of its own.

        Not by httpx's client, which takes twenty times as long for each of hundreds of requests, on
        CPUs that the service needs as well.
        """
        connection = h11.Connection(h11.CLIENT)
        reader, writer = await asyncio.open_connection(request.url.host, request.url.port)
        try:
            kept = [(name, value) for name, value in request.headers.raw if name.lower() not in (b"connection", b"accept-encoding")]
            head_out = h11.Request(method=request.method, target=request.url.raw_path, headers=[*kept, (b"connection", b"close")])
            for part in (head_out, h11.Data(request.content), h11.EndOfMessage()):
                writer.write(connection.send(part) or b"")
            head: h11.Response | None = None
            body = bytearray()
            while len(body) <= LONGEST_REPLY:
                event = connection.next_event()
                if event is h11.NEED_DATA:
                    connection.receive_data(await reader.read(65536))
                elif isinstance(event, h11.Response):
                    head = event
                elif isinstance(event, h11.Data):
                    body += event.data
                elif isinstance(event, h11.EndOfMessage) and head is not None:
                    return whole(head.status_code, list(head.headers), bytes(body), request)
                elif not isinstance(event, h11.InformationalResponse):
                    raise EOFError
            raise EOFError
        finally:
            writer.close()

    async def finish(self, patience: float) -> bool:
        """Waits for the answers, ``patience`` seconds at most; whether all of them came."""
        _, pending = await asyncio.wait(self._tasks, timeout=patience)
        for task in pending:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        return all(request.answered is not None for request in self.requests)


def proven(blocks: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those that held the event loop for certain: what rests on a clock alone was seen at least twice."""
    return [block for block in blocks if block["proof"] != "clock" or block["times"] >= 2]


@dataclass
class Observation:
    """What `hold_and_ping` saw of ``count`` requests to ``path`` that wait ``wait`` seconds each.

    ``seen`` is the host's record at the moment when nobody new came to the closed gate, ``after``
    its record at the end. ``health`` is None when it wasn't asked.
    """

    path: str
    count: int
    wait: float
    requests: list[Sent]
    seen: dict[str, Any]
    after: dict[str, Any]
    health: bool | None
    asked_health: tuple[float, float] | None = None
    held: list[dict[str, Any]] = field(default_factory=list)
    printed: str = ""

    @property
    def waiting(self) -> int:
        """How many of the requests stood in front of the closed gate at the same time."""
        known = {arrival["request"] for arrival in self.held} - {None}
        # A thread that was handed a bare function doesn't say for which request it waits, and counts for one while one is missing.
        nameless = sum(arrival["request"] is None for arrival in self.held)
        return len(known) if len(known) >= self.count else len(known) + nameless

    @property
    def places(self) -> set[str]:
        """Where they waited: ``"pool"``, ``"loop"``, ``"blocking"`` (see `gate.Arrival`)."""
        return {arrival["place"] for arrival in self.held}

    @property
    def reached(self) -> int:
        """How many of the requests had reached the application by then."""
        return sum(span["path"] == self.path for span in self.seen.get("spans", ()))

    @property
    def answered(self) -> bool:
        """Whether every request was answered in the end."""
        return all(request.answered is not None for request in self.requests)

    @property
    def statuses(self) -> Counter[int]:
        """How often each status code was answered."""
        return Counter(r.response.status_code for r in self.requests if r.response is not None)

    @property
    def latencies(self) -> list[float]:
        """In seconds, of those that were answered."""
        return [r.answered - r.sent for r in self.requests if r.answered is not None]

    @property
    def wall(self) -> float:
        """From the first sending to the last answer, in seconds."""
        return max(r.answered or 0.0 for r in self.requests) - min(r.sent for r in self.requests)

    @property
    def blocks(self) -> list[dict[str, Any]]:
        """What held the event loop, proven: what rests on a clock alone was seen at least twice."""
        found = proven([*self.after.get("blocks", ()), *self.seen.get("blocks", ())])
        return sorted(found, key=lambda b: ("identity", "stuck", "clock").index(b["proof"]))

    @property
    def spans(self) -> list[dict[str, Any]]:
        """The requests as the application saw them, in the order of their coming."""
        spans = {s["number"]: s for r in (self.seen, self.after) for s in r.get("spans", ()) if s["path"] == self.path}
        return sorted(spans.values(), key=lambda span: float(span["start"]))

    @property
    def overlapped(self) -> bool:
        """Whether all of them provably waited at the same time without standing in front of the gate.

        For ways to wait that no gate knows: when each request stayed in the application for at
        least ``wait``, and all of them came and left within less than twice ``wait``, then their
        stays have a moment in common. It is a proof when it holds and says nothing when it
        doesn't; that a stay is the wait has to be known from a request that came alone.
        """
        spans = [span for span in self.spans if span["complete"] is not None]
        if self.held or len(spans) < self.count or not self.answered:
            return False
        first = min(span["start"] for span in spans)
        last = max(span["complete"] for span in spans)
        shortest = min(float(span["complete"] - span["start"]) for span in spans)
        return shortest >= 0.99 * self.wait and bool(last - first < 1.98 * self.wait)

    @property
    def together(self) -> bool:
        """Whether all of them provably waited at the same time."""
        held = self.waiting == self.count and "blocking" not in self.places and not self.early
        return held or self.overlapped

    @property
    def early(self) -> int:
        """How many of the requests were answered while the gate was still closed."""
        return sum(span["path"] == self.path and span["complete"] is not None for span in self.seen.get("spans", ()))

    def bars(self, rows: int = 8) -> Picture:
        """Who waited when, with ``/health`` as the last row."""
        name = self.path.strip("/")
        table: list[tuple[str, float | None, float | None, str]] = []
        for index, span in enumerate(self.spans[:rows], 1):
            table.append((f"{name} #{index}", span["start"], span["complete"], "" if span["complete"] else "no answer"))
        for index in range(len(table) + 1, min(self.count, rows) + 1):
            table.append((f"{name} #{index}", None, None, "never reached your code"))
        if self.asked_health and table:
            start, end = self.asked_health
            table.append(("/health", start, end if self.health else None, "" if self.health else "no answer"))
        return bars(table)

    def skipped(self, span: Mapping[str, Any]) -> float:
        """How much of a request's stay in the application was logical time; in seconds.

        At most: a thread that was handed a bare function doesn't say for which request it waits, and counts for each.
        """
        arrivals = {(a["request"], a["arrived"]): a for r in (self.seen, self.after) for a in r.get("arrivals", ())}
        return float(sum(a["skipped"] for a in arrivals.values() if a["request"] in (span["number"], None)))

    def lasted(self, span: Mapping[str, Any]) -> float:
        """How long a request's stay in the application would have been without logical time; in seconds, at most (see `skipped`)."""
        return float((span["complete"] or span["start"]) - span["start"]) + self.skipped(span)

    def why_not_together(self) -> str:
        """Who waits for whom, for requests that don't wait together: one paragraph."""
        said = [f"{self.count} requests to {self.path} were sent together; "]
        if self.blocks:
            return self._blocked()
        if self.held and self.early:
            place = self.held[0]["frame"]
            return (f"{said[0]}{self.early} were answered while the wait that they had begun was still held: "
                    "the answer doesn't wait for it."
                    + (f"\nThe wait is at {where(place)}:{quoted(place)}" if place else ""))
        if not self.held:
            return said[0] + self._never_held()
        others = self.count - self.waiting
        said.append(f"{self.waiting} waited, {plural(others, 'other')} had to wait for them first.")
        pools = self.seen.get("pools", {})
        if {arrival["place"] for arrival in self.held} == {"pool"}:
            threads = {arrival["thread"] for arrival in self.held}
            if pools.get("queued") and self.waiting >= pools["busy"]:
                said.append(f" They wait on threads of the pool, which has {pools['threads']}: the others queue for one.")
            elif pools.get("executor_queued") and any(name.startswith("asyncio_") for name in threads):
                said.append(f" They wait on the {len(threads)} threads of asyncio's default executor: the others queue for one.")
            elif any("ThreadPoolExecutor" in name for name in threads):
                said.append(f" They wait on a pool of {plural(len(threads), 'thread')}: the others queue for one.")
            else:
                said.append(" They wait on threads.")
        own = {(a["frame"]["file"], a["frame"]["line"]) for a in self.held if a["frame"]}
        for place in self.seen.get("standing", ())[:3]:
            if (place["file"], place["line"]) not in own or not others:
                said.append(f"\n{place['count']} stood at {where(place)}:{quoted(place)}")
        if len(said) <= 3 and own:
            place = next(a["frame"] for a in self.held if a["frame"])
            said.append(f"\nThe wait itself is at {where(place)}:{quoted(place)}")
        return "".join(said)

    def _blocked(self) -> str:
        never = self.count - self.reached
        sent = f"{self.count} requests to {self.path} were sent together"
        first = (f"{sent}; {self.reached} {'was' if self.reached == 1 else 'were'} in flight, "
                 f"{never} never reached your code.") if never else f"{sent}."
        if self.health is False:
            first += "\n/health did not answer while they waited."
        return "\n".join([first, "", self.bars(), "", held_loop(self.blocks[0])])

    def _never_held(self) -> str:
        if not self.answered:
            place = next(iter(self.seen.get("standing", ())), None)
            stood = f" The unanswered ones stand at {where(place)}:{quoted(place)}" if place else ""
            return f"{sum(r.answered is None for r in self.requests)} of them never got an answer.{stood}"
        quickest = min(self.latencies)
        if quickest < 0.99 * self.wait:
            return (f"the quickest answer came after {quickest:.3f} s: not all of them wait for "
                    f"INFERENCE_SECONDS, which was {self.wait:g}.{never_awaited(self.printed)}")
        return (f"the last answer came after {self.wall:.2f} s, though each waits only {self.wait:g} s: they took turns.\n\n"
                + self.bars())


def never_awaited(printed: str) -> str:
    """Python's warning of a coroutine that was never awaited, if it is among what was printed."""
    lines = [line for line in printed.splitlines() if "was never awaited" in line]
    return f"\nPython printed:\n    {lines[-1].strip()}" if lines else ""


async def ask_health(service: "Service", path: str, seen: Mapping[str, Any]) -> tuple[bool, tuple[float, float]]:
    """Whether ``path`` is answered while requests are held, and when it was asked and answered or given up."""
    start = time.perf_counter()
    pools = seen.get("pools", {})
    full = bool(pools) and pools.get("busy") == pools.get("threads")
    # While the loop is held by the gate, no patience whatever could bring an answer; while all
    # threads are, only an endpoint that needs none answers, and that one answers at once.
    healthy = await service.answers(path, 0.15 if seen.get("held_up") else 0.5 if full else 3.0)
    return healthy, (start, time.perf_counter())


async def hold_and_ping(service: "Service", path: str, count: int, payload: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None, *,
                        wait: float, method: str = "POST", health: str | None = "/health", to_the_end: bool = True,
                        shortest: float = SHORTEST) -> Observation:
    """Holds ``count`` requests to ``path`` and counts those that wait together (see `Observation`).

    ``payload``: of all of them, or one for each. ``wait``: the INFERENCE_SECONDS with which
    ``service`` was started. ``health``: the path that has to answer meanwhile, or None.
    ``to_the_end``: whether the answers are waited for as well. ``shortest``: the shortest sleep that is held.
    """
    await service.close_gate(shortest=shortest)
    burst = Burst(service, _requests(method, path, count, payload))
    seen = await service.gather(count)
    held_up = bool(seen.get("held_up"))
    healthy, asked = await ask_health(service, health, seen) if health is not None else (None, None)
    await service.open_gate()
    turns = min(count, 8) if held_up else count
    await burst.finish(min(turns * wait * 1.5 + 2.0, 12.0) if to_the_end else 0.05)
    after = await service.report() if to_the_end else {}
    observed = Observation(path, count, wait, burst.requests, seen, after, healthy, asked, seen.get("held", []), service.host.output())
    witness.timeline(observed)
    return observed


def _requests(method: str, path: str, count: int, payload: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None) -> list[Request]:
    if payload is None or isinstance(payload, Mapping):
        return [Request(method, path, {} if payload is None else {"json": payload})] * count
    return [Request(method, path, {"json": each}) for each in payload]


@dataclass
class Rounds(Observation):
    """What `hold_in_rounds` saw: in ``rounds`` who was held each time, and who wasn't, where the last one is not whole."""

    rounds: list[list[dict[str, Any]]] = field(default_factory=list)
    whole: bool = True
    #: For each round, the places at which the requests stood.
    stood: list[list[dict[str, Any]]] = field(default_factory=list)

    @property
    def places(self) -> set[str]:
        """Where they waited, in any of the rounds."""
        return {arrival["place"] for held in self.rounds for arrival in held}

    @property
    def threads(self) -> set[str]:
        """The names of the threads on which they waited, in any of the rounds."""
        return {arrival["thread"] for held in self.rounds for arrival in held if arrival["place"] == "pool"}

    @property
    def early(self) -> int:
        """None is early: who has nothing left to wait for may go before the others."""
        return 0

    @property
    def real_seconds(self) -> float:
        """From the first coming to the last answer, in seconds, of which logical time is no part."""
        spans = [span for span in self.spans if span["complete"] is not None]
        return max((s["complete"] for s in spans), default=0.0) - min((s["start"] for s in spans), default=0.0)

    @property
    def shortest_wait(self) -> float:
        """The shortest stay of a request, with the logical time; in seconds."""
        return min((self.lasted(span) for span in self.spans if span["complete"] is not None), default=0.0)

    @property
    def together(self) -> bool:
        """Whether in each round all that were not done yet stood at the gate, and nobody held the loop."""
        return self.whole and self.answered and not self.blocks

    def why_not_together(self) -> str:
        """Who waits for whom, and in which part of the wait."""
        told = super().why_not_together()
        if len(self.rounds) > 1 or (self.rounds and self.blocks):
            told = f"The first part of the wait is shared: all {self.count} requests were in it together. A later part is not.\n{told}"
        return f"{told}\n(INFERENCE_SECONDS was {self.wait:g}.)"


#: After so many rounds the requests don't wait in a few steps; they look at a clock again and again.
ROUNDS = 12


async def hold_in_rounds(service: "Service", path: str, count: int, payload: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None, *,
                         wait: float, method: str = "POST", patience: float | None = None) -> Rounds:
    """Lets ``count`` requests to ``path`` go on round by round, in logical time, and looks each time whether all are there.

    So every part of a wait is looked at, not only the first, however long ``wait`` is: the
    INFERENCE_SECONDS with which ``service`` was started. Parts that no gate knows take their time: for
    them it waits ``patience`` seconds, three times ``wait`` and a little more when it isn't given.
    """
    await service.close_gate(skip=True)
    burst = Burst(service, _requests(method, path, count, payload))
    rounds: list[list[dict[str, Any]]] = []
    stood: list[list[dict[str, Any]]] = []
    whole = True
    until = time.perf_counter() + (3 * wait + 5.0 if patience is None else patience)
    quiet = 0
    while True:
        seen = await service.gather(count, patience=3.0)
        held, blocked = seen["held"], bool(seen.get("held_up") or proven(seen["blocks"]))
        done = sum(span["path"] == path and span["complete"] is not None for span in seen["spans"])
        there = len({arrival["request"] or -index for index, arrival in enumerate(held, 1)})
        missing = bool(held) and there + done < count
        quiet = quiet + 1 if missing and seen.get("quiet") else 0
        # Who is late on a busy machine has come by the second time that nobody new comes.
        whole = not missing or quiet < 2
        late = time.perf_counter() > until
        if held and (not missing or not whole or blocked or late):
            rounds.append(held)
            stood.append(seen["standing"])
        if done >= count or blocked or not whole or late or len(rounds) > ROUNDS:
            break
        if held and not missing:
            await service.release()
        else:
            await asyncio.sleep(0.01)
    await service.open_gate()
    await burst.finish(max(2.0, until - time.perf_counter()) if whole and not blocked else 3.0)
    after = await service.report()
    return Rounds(path, count, wait, burst.requests, seen, after, None, held=seen["held"], printed=service.host.output(),
                  rounds=rounds, whole=whole, stood=stood)
