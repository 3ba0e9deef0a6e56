# Right answer to 1.4: it looks every ten milliseconds whether all are done; the border is a quarter of n times one
"""An experiment that shows whether a service works on many requests at once or on one at a time."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import httpx


@dataclass(frozen=True)
class Burst:
    """What one burst of requests took.

    ``wall_seconds``: from the moment before the first request was sent until the last answer
    was there. ``latencies_seconds``: for each request the time from its sending to its answer.
    """

    wall_seconds: float
    latencies_seconds: list[float]


async def burst(url: str, n: int, payload: Mapping[str, Any]) -> Burst:
    """POST ``payload`` as JSON to ``url``, ``n`` times at once, and say how long it took."""
    latencies: list[float] = []
    async with httpx.AsyncClient(limits=httpx.Limits(max_connections=n), timeout=60) as client:

        async def timed() -> None:
            sent = time.perf_counter()
            await client.post(url, json=payload)
            latencies.append(time.perf_counter() - sent)

        started = time.perf_counter()
        tasks = [asyncio.create_task(timed()) for _ in range(n)]
        while not all(task.done() for task in tasks):
            await asyncio.sleep(0.01)
        ended = time.perf_counter()
        for task in tasks:
            task.result()
        return Burst(ended - started, latencies)


def verdict(one: Burst, many: Burst) -> Literal["concurrent", "sequential"]:
    """Whether the service that took ``one`` (a burst of 1) works on ``many`` (5 or more) together or in turn."""
    n = len(many.latencies_seconds)
    return "sequential" if many.wall_seconds / one.wall_seconds > max(2.0, n / 4) else "concurrent"
