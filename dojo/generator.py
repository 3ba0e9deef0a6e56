"""A load generator that leaves the processor to the service: a request takes it 50 to 150 µs, where httpx.AsyncClient takes 2 ms.

Where client and service share two cores, a generator that computes much measures itself. This one is an `asyncio.Protocol` that
writes ready-made bytes and reads no more of an answer than where it ends, its status and a few headers. Each request can have a
connection of its own, as connections that are kept stay with the worker that took them.

`closed` keeps so many requests in flight, whatever becomes of them; `opened` sends them when they are due. Run as a program
(``python -m dojo.generator http://127.0.0.1:8000/health --connections 16 --seconds 3``) it prints what came of it as JSON.
"""

import argparse
import asyncio
import contextlib
import json
import math
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

#: Requests that had no answer after so long are given up, in seconds. Only ends a hang.
PATIENCE = 30.0
#: A generator that used more of its one CPU than this could not have sent more.
LARGEST_CPU_SHARE = 0.9


@dataclass(slots=True, eq=False)
class Asked:
    """One request: when it was to be sent, when it was, and when its answer was there; seconds of the monotonic clock.

    ``status`` is 0 without an answer. ``worker`` is what the answer's header ``x-pid`` said, ``retry_after`` its ``retry-after``.
    """

    due: float
    sent: float = math.nan
    answered: float = math.nan
    status: int = 0
    worker: str = ""
    retry_after: str = ""

    @property
    def latency(self) -> float:
        """From when it was due until it was answered, in seconds."""
        return self.answered - self.due


def percentile(samples: Sequence[float], percent: float) -> float:
    """By nearest rank: the smallest sample that at least ``percent`` % of them don't exceed; NaN when there are none."""
    return sorted(samples)[max(0, math.ceil(percent * len(samples) / 100) - 1)] if samples else math.nan


@dataclass
class Load:
    """What was asked, in the order in which it was due, from ``began`` to ``ended``; and what the generator took of its CPU meanwhile."""

    began: float
    ended: float = math.nan
    asked: list[Asked] = field(default_factory=list)
    cpu_share: float = 0.0
    opened: int = 0

    @property
    def good(self) -> list[Asked]:
        """Those that were answered with a 200."""
        return [each for each in self.asked if each.status == 200]

    @property
    def statuses(self) -> Counter[int]:
        """How often each status was answered; 0 for none."""
        return Counter(each.status for each in self.asked)

    @property
    def workers(self) -> Counter[str]:
        """How many of the good ones each worker answered, by its header ``x-pid``."""
        return Counter(each.worker for each in self.good)

    @property
    def rps(self) -> float:
        """How many good answers came in a second."""
        return len(self.good) / max(self.ended - self.began, 1e-9)

    def latency(self, percent: float) -> float:
        """The percentile of the good ones' latencies, in seconds; NaN when there are none."""
        return percentile([each.latency for each in self.good], percent)

    def strained(self) -> str:
        """Why the generator itself may have been the bottleneck; empty when it was not."""
        if self.cpu_share > LARGEST_CPU_SHARE:
            return f"the load generator used {self.cpu_share:.0%} of a CPU, all that one process can: it may have been the bottleneck itself"
        return ""

    def summary(self) -> dict[str, Any]:
        """The figures, as plain data."""
        return {
            "requests": len(self.asked), "seconds": self.ended - self.began, "good_rps": self.rps, "connections": self.opened,
            "p50_s": self.latency(50), "p95_s": self.latency(95), "p99_s": self.latency(99),
            "statuses": {str(status): count for status, count in sorted(self.statuses.items())},
            "workers": dict(self.workers), "cpu_share": self.cpu_share,
        }


async def closed(url: str, *, connections: int, seconds: float = math.inf, count: float = math.inf, keep: bool = False,
                 until: Callable[[], bool] | None = None) -> Load:
    """Keeps ``connections`` requests in flight for ``seconds``, or until ``count`` were sent, or until ``until()`` is true after one.

    Each is sent as soon as the one before it is answered, on the same connection with ``keep``. All answers are waited for.
    """
    target = _Target(url, keep)
    load = target.load

    async def user() -> None:
        line: _Line | None = None
        while len(load.asked) < count and time.monotonic() < load.began + seconds and not (until and until()):
            asked = Asked(time.monotonic())
            load.asked.append(asked)
            line = await target.ask(asked, line)
        if line is not None:
            line.close()

    return await target.finished(*(user() for _ in range(connections)))


async def opened(url: str, *, rate: float, seconds: float) -> Load:
    """Sends ``rate`` requests a second for ``seconds``, each when it is due and on a connection of its own; all answers are waited for."""
    target = _Target(url, keep=False)

    async def one(asked: Asked) -> None:
        await target.ask(asked, None)

    async def all_of_them() -> None:
        async with asyncio.TaskGroup() as group:
            for number in range(math.ceil(rate * seconds)):
                due = target.load.began + number / rate
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                asked = Asked(due)
                target.load.asked.append(asked)
                group.create_task(one(asked))

    return await target.finished(all_of_them())


class _Target:
    """Where requests are sent, and what has come of them."""

    def __init__(self, url: str, keep: bool) -> None:
        parts = urlsplit(url)
        self._host, self._port, self._keep = parts.hostname or "127.0.0.1", parts.port or 80, keep
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        last = "" if keep else "connection: close\r\n"
        self._request = f"GET {path} HTTP/1.1\r\nhost: {parts.netloc}\r\n{last}\r\n".encode()
        self.load = Load(time.monotonic())
        self._cpu = time.process_time()

    async def ask(self, asked: Asked, line: "_Line | None") -> "_Line | None":
        """Sends the request on ``line``, or a new one; gives back the line if it can be used again."""
        try:
            async with asyncio.timeout(PATIENCE):
                if line is None or line.over:
                    self.load.opened += 1
                    _, line = await asyncio.get_running_loop().create_connection(_Line, self._host, self._port)
                asked.sent = time.monotonic()
                await line.ask(self._request, asked)
        except OSError:  # refused, hung up, given up
            if line is None or not self._keep:
                await asyncio.sleep(0.001)  # a port where nobody listens must not keep this process busy
        if line is not None and (line.over or not self._keep):
            line.close()
            return None
        return line

    async def finished(self, *work: Any) -> Load:
        """All of the work done, and the load it was."""
        await asyncio.gather(*work)
        self.load.ended = time.monotonic()
        self.load.cpu_share = (time.process_time() - self._cpu) / max(self.load.ended - self.load.began, 1e-9)
        return self.load


class _Line(asyncio.Protocol):
    """One connection."""

    def __init__(self) -> None:
        self.over = False
        self._data = b""
        self._need = -1
        self._asked: Asked | None = None
        self._done: asyncio.Future[None] | None = None

    def ask(self, request: bytes, asked: Asked) -> "asyncio.Future[None]":
        """Sends the request; the future is done when its answer is there, or has an ``OSError``."""
        self._asked, self._done = asked, asyncio.get_running_loop().create_future()
        self._transport.write(request)
        if self.over:
            self.connection_lost(None)
        return self._done

    def close(self) -> None:
        """Hangs up."""
        self.over = True
        self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by asyncio."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Called by asyncio."""
        self._data += data
        if self._need < 0:
            head, blank, _ = self._data.partition(b"\r\n\r\n")
            if not blank or self._asked is None:
                return
            self._read(head.decode("latin-1"), len(head) + 4)
        if len(self._data) >= self._need:
            self._data = self._data[int(self._need):]
            self._need = -1
            self._finish()

    def _read(self, head: str, length: int) -> None:
        assert self._asked is not None
        first, *lines = head.split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        self._status = int(first.split()[1])
        self._asked.worker, self._asked.retry_after = headers.get("x-pid", ""), headers.get("retry-after", "")
        # Without a length the answer lasts as long as the connection does.
        self._need = length + int(headers["content-length"]) if "content-length" in headers else sys.maxsize
        self.over = self.over or headers.get("connection", "").lower() == "close"

    def _finish(self) -> None:
        if self._asked is not None and self._done is not None and not self._done.done():
            self._asked.answered, self._asked.status = time.monotonic(), self._status
            self._done.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by asyncio."""
        self.over = True
        if self._need == sys.maxsize:
            self._need = -1
            self._finish()
        elif self._done is not None and not self._done.done():
            self._done.set_exception(ConnectionResetError("the connection ended before the answer"))


def main() -> None:
    """The program."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--connections", type=int, default=16, help="how many requests are in flight (default: 16)")
    parser.add_argument("--rate", type=float, help="send so many a second instead, whatever becomes of them")
    parser.add_argument("--keep", action="store_true", help="keep the connections")
    given = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        if given.rate:
            load = asyncio.run(opened(given.url, rate=given.rate, seconds=given.seconds))
        else:
            load = asyncio.run(closed(given.url, connections=given.connections, seconds=given.seconds, keep=given.keep))
        print(json.dumps(load.summary()))


if __name__ == "__main__":
    main()
