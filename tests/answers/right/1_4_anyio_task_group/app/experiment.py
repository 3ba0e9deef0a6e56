# Right answer to 1.4: an anyio task group that fills a list; the border is the median latency
"""An experiment that shows whether a service works on many requests at once or on one at a time."""

import statistics
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import anyio
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

    async def timed(client: httpx.AsyncClient) -> None:
        sent = time.perf_counter()
        (await client.post(url, json=payload)).raise_for_status()
        latencies.append(time.perf_counter() - sent)

    async with httpx.AsyncClient() as client:
        started = time.perf_counter()
        async with anyio.create_task_group() as group:
            for _ in range(n):
                group.start_soon(timed, client)
        return Burst(wall_seconds=time.perf_counter() - started, latencies_seconds=latencies)


def verdict(one: Burst, many: Burst) -> Literal["concurrent", "sequential"]:
    """Whether the service that took ``one`` (a burst of 1) works on ``many`` (5 or more) together or in turn."""
    if statistics.median(many.latencies_seconds) > 2 * one.latencies_seconds[0]:
        return "sequential"
    return "concurrent"
