# Wrong answer to 1.4: it can send nothing but the two features of /predict.
# Rejected by: test_it_sends_what_it_was_given
# Because: app/experiment\.py:38\b
"""An experiment that shows whether a service works on many requests at once or on one at a time."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import httpx

from app.schemas import PredictRequest


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
    # The client's own limits would falsify the measurement: httpx opens at most 100 connections
    # and gives up after 5 seconds unless it is told otherwise.
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(limits=limits, timeout=None) as client:

        async def timed() -> float:
            sent = time.perf_counter()
            response = await client.post(url, json=PredictRequest(**payload).model_dump())
            response.raise_for_status()
            return time.perf_counter() - sent

        started = time.perf_counter()
        # gather() starts all of them before it waits for any: a loop with `await` inside would
        # send the second request only after the first answer, and every service would look sequential.
        latencies = await asyncio.gather(*(timed() for _ in range(n)))
        return Burst(time.perf_counter() - started, latencies)


def verdict(one: Burst, many: Burst) -> Literal["concurrent", "sequential"]:
    """Whether the service that took ``one`` (a burst of 1) works on ``many`` (5 or more) together or in turn."""
    # In turn, n requests take n times as long as one; together, about as long as one. The
    # border is the geometric mean of the two: a noisy machine has to be off by the same factor
    # in either direction before it changes the answer. A fixed number of seconds would be right
    # for one service only.
    n = len(many.latencies_seconds)
    return "sequential" if many.wall_seconds > one.wall_seconds * n**0.5 else "concurrent"
