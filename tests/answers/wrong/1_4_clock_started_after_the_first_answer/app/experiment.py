# Wrong answer to 1.4: the clock of the burst starts when the first answer is there.
# Rejected by: test_its_times_are_true
# Because: wall_seconds is shorter than the burst: the clock has to start before the first request
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
    async with httpx.AsyncClient(limits=httpx.Limits(max_connections=None), timeout=None) as client:
        started = 0.0

        async def timed() -> float:
            nonlocal started
            sent = time.perf_counter()
            response = await client.post(url, json=payload)
            response.raise_for_status()
            started = started or time.perf_counter()
            return time.perf_counter() - sent

        latencies = await asyncio.gather(*(timed() for _ in range(n)))
        return Burst(time.perf_counter() - started, latencies)


def verdict(one: Burst, many: Burst) -> Literal["concurrent", "sequential"]:
    """Whether the service that took ``one`` (a burst of 1) works on ``many`` (5 or more) together or in turn."""
    return "sequential" if many.wall_seconds > 2 * one.wall_seconds else "concurrent"
