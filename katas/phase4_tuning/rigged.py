"""A service of known truth: what it answers, after how long, and by which of its two workers, it has decided beforehand and notes.

Each worker starts cold: what it is asked in the beginning waits until it is warm, and half of it is refused then. Later every answer has a delay
from a deck of cards, so that the share of each kind is the same in any stretch of time. Nothing is computed, so it could answer far
more: how many answers there are is decided by how many ask at a time. Its own notes are the truth about a run, also where the machine is so
busy that everything takes longer.
"""

import asyncio
import bisect
import contextlib
import math
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

#: For how long a worker is cold, counted from its first request, in seconds.
COLD = 0.2


@dataclass(frozen=True)
class Kind:
    """One kind of answer: a status (0: it hangs up) and a delay in seconds."""

    status: int
    delay: float


QUICKEST, QUICK, SLOW, SLOWEST = Kind(200, 0.05), Kind(200, 0.08), Kind(200, 0.4), Kind(200, 0.9)

#: What is dealt while there are slow ones.
TAIL = [QUICKEST] * 5 + [QUICK] * 35 + [SLOW] * 10
#: Three of five fail, much faster than the others are answered, and in several ways. Of the good ones one in twelve is slow: so many that the
#: 95th percentile is one of them, and so few that the 90th isn't.
FAILING = ([Kind(503, 0.03)] * 6 + [Kind(500, 0.03)] * 2 + [Kind(404, 0.03)] * 2 + [Kind(202, 0.03)] * 6 + [Kind(0, 0.03)] * 2
           + [Kind(200, 0.08)] * 11 + [Kind(200, 0.3)])
REFUSING = [Kind(503, 0.02)]
#: What is asked beside other measurements is answered late, so that they aren't disturbed.
HANGING_UP, UNHURRIED = [Kind(0, 0.1)], [Kind(200, 0.12)]


@dataclass(eq=False)
class Asked:
    """One request: by which worker, what it was answered, when it came and when it was answered; seconds of the monotonic clock."""

    worker: int
    came: float
    kind: Kind = QUICK
    answered: float = math.nan
    cold: bool = False
    #: Whether another one was answered while it was open, and then yet another one came.
    overtaken: bool = False

    @property
    def good(self) -> bool:
        """Whether it was answered with a 200."""
        return self.kind.status == 200


@dataclass
class Rigged:
    """The service, with the kinds of ``deck``, ``calm_after`` seconds after its first request with nothing but `QUICK`.

    ``slowest_at``: so many seconds after the first request, the next one takes as long as `SLOWEST`. ``good_at``: so many seconds after the first
    request, the next one is answered well. ``told``: the service in a sentence.
    """

    deck: Sequence[Kind]
    calm_after: float = math.inf
    slowest_at: tuple[float, ...] = ()
    cold: float = COLD
    #: Whether a good answer begins at once, and only its end takes as long as it takes.
    head_first: bool = False
    good_at: float = math.inf
    told: str = ""
    #: How many are to ask at a time.
    concurrency: int = 8
    asked: list[Asked] = field(default_factory=list)
    port: int = 0
    #: The most requests that were in flight at a time.
    peak: int = 0
    #: What was asked for that isn't there.
    strange: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._open: set[Asked] = set()
        self._cards: list[Kind] = []
        self._random = random.Random(random.random())
        self._worker = 0
        self._slowest = sorted(self.slowest_at)
        self._warm_at: dict[int, float] = {}
        self._answers = self._answers_when_opened = 0
        self._last_answer = -math.inf
        self._writers: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        """What to measure."""
        return f"http://127.0.0.1:{self.port}/work?size=3"

    @property
    def warm_since(self) -> float:
        """When all workers that were asked were warm; infinity when none was."""
        return max(self._warm_at.values(), default=math.inf)

    async def __aenter__(self) -> "Rigged":
        """Listens."""
        self._server = await asyncio.start_server(self._connection, "127.0.0.1", 0, backlog=1024)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Hangs up on everybody."""
        self._server.close()
        for writer in list(self._writers):
            writer.close()
        await asyncio.sleep(0)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Whoever opens several connections before there is an answer to any of them finds the same worker awake each time.
        if self._answers != self._answers_when_opened:
            self._worker, self._answers_when_opened = 1 - self._worker, self._answers
        worker = self._worker
        self._writers.add(writer)
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
                if not head.startswith("get /work?size=3 "):
                    self.strange.append(head.split("\r\n")[0])
                keep = "connection: close" not in head and "http/1.0" not in head
                if not await self._answer(writer, worker, keep) or not keep:
                    return
        except (asyncio.IncompleteReadError, OSError, asyncio.LimitOverrunError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _answer(self, writer: asyncio.StreamWriter, worker: int, keep: bool) -> bool:
        now = time.monotonic()
        asked = Asked(worker, now)
        self.asked.append(asked)
        self._open.add(asked)
        self.peak = max(self.peak, len(self._open))
        for each in self._open:
            each.overtaken = each.overtaken or each.came < self._last_answer
        warm_at = self._warm_at.setdefault(worker, now + self.cold)
        asked.cold = now < warm_at
        if asked.cold:
            asked.kind = Kind(503 if len(self.asked) % 2 == 0 else 200, warm_at - now)
        else:
            asked.kind = self._deal(now)
        try:
            body = b'{"size": 3}'
            status = asked.kind.status or 200
            head = (f"HTTP/1.1 {status} {'OK' if status == 200 else 'No'}\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n"
                    f"x-pid: {worker + 1}\r\nconnection: {'keep-alive' if keep else 'close'}\r\n\r\n").encode()
            first = self.head_first and asked.good
            if first:
                writer.write(head)
            await self._work(asked)
            if asked.kind.status:
                writer.write(body if first else head + body)
                await writer.drain()
        finally:
            asked.answered = self._last_answer = time.monotonic()
            self._answers += 1
            self._open.discard(asked)
        return bool(asked.kind.status)

    async def _work(self, asked: Asked) -> None:
        await asyncio.sleep(asked.kind.delay)

    def _deal(self, now: float) -> Kind:
        since = now - self.asked[0].came
        if self._slowest and since > self._slowest[0]:
            del self._slowest[0]
            return SLOWEST
        if since > self.good_at:
            self.good_at = math.inf
            return Kind(200, 0.02)
        if since > self.calm_after:
            return QUICK
        if not self._cards:
            self._cards = list(self.deck)
            self._random.shuffle(self._cards)
        return self._cards.pop()

    # -- the truth about a run

    @property
    def warm(self) -> list[Asked]:
        """What was asked when it was warm, and answered."""
        return [each for each in self.asked if not each.cold and not math.isnan(each.answered)]

    @property
    def lasted(self) -> float:
        """From when it was warm until the last request came, in seconds."""
        return self.asked[-1].came - self.warm_since if self.asked else 0.0

    def counts(self, seconds: float, good: bool) -> tuple[int, int]:
        """The fewest and the most good answers, or others, that it gave in any ``seconds`` on end while it was warm and asked."""
        times = sorted(each.answered for each in self.warm if each.good is good and each.answered >= self.warm_since)
        last = max((each.answered for each in self.warm), default=-math.inf)
        starts = [at for at in (self.warm_since, *times, last - seconds) if self.warm_since <= at <= last - seconds + 1e-6]
        found = [bisect.bisect_right(times, at + seconds) - bisect.bisect_right(times, at) for at in starts]
        return (min(found), max(found) + 1) if found else (0, 0)

    @property
    def slow(self) -> list[Asked]:
        """What took so long that others had to be answered meanwhile."""
        return [each for each in self.warm if each.kind.delay >= SLOW.delay]

    @property
    def shares(self) -> list[float]:
        """The part of what was asked when it was warm that each of the two workers got."""
        workers = [each.worker for each in self.warm]
        return [workers.count(number) / max(len(workers), 1) for number in (0, 1)]


@dataclass
class Lone(Rigged):
    """A service that holds all requests but one, ``held_after`` seconds after the first came: who sent that one is answered at once, again and again.

    So nothing but that user decides when the next request comes. All are let go when they were answered by `SCRIPT`, or after ``held_for`` seconds.
    """

    deck: Sequence[Kind] = (QUICK,)
    held_after: float = 2.1
    held_for: float = 1.2
    #: What was asked by the one who isn't held.
    alone: list[Asked] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__post_init__()
        #: Who is held, and for how many seconds at most.
        self._held: dict[Asked, float] = {}
        self._let_go = asyncio.Event()
        self._until = math.inf

    def _deal(self, now: float) -> Kind:
        since, asked = now - self.asked[0].came, self.asked[-1]
        if self._let_go.is_set() or since < self.held_after:
            return super()._deal(now)
        if len(self._held) < self.concurrency - 1:
            self._held[asked] = self.held_after + self.held_for - since
        elif len(self.alone) < len(SCRIPT):
            self.alone.append(asked)
            return Kind(SCRIPT[len(self.alone) - 1], 0.0)
        else:
            self._release()
        return QUICK

    async def _work(self, asked: Asked) -> None:
        if asked not in self._held:
            return await super()._work(asked)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._held[asked]):
                await self._let_go.wait()
        self._release()
        return None

    def _release(self) -> None:
        if not self._let_go.is_set():
            self._let_go.set()
            self._until = time.monotonic()

    def pauses(self, *statuses: int) -> list[float]:
        """For how long after each answer with one of these statuses no other request came, in seconds; as long as the others were held.

        None are known when the measurement was over before they were let go: then nobody can say whether another one would have come.
        """
        if math.isinf(self._until):
            return []
        came = [each.came for each in self.asked]
        return [min([self._until, *(at for at in came if at > each.answered)]) - each.answered for each in self.alone if each.kind.status in statuses]


#: What one user is answered who isn't held: statuses, 0 for none. Not at the end what may keep them from coming again.
SCRIPT = [200] * 4 + [503, 500, 404, 503] + [0] * 2 + [200]
