# Right answer to 1.4: as_completed and the monotonic clock; the verdict asks how many were served at once
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
    async with httpx.AsyncClient(limits=httpx.Limits(max_connections=None), timeout=30) as client:

        async def timed() -> float:
            sent = time.monotonic()
            response = await client.post(url, json=payload)
            response.raise_for_status()
            return time.monotonic() - sent

        started = time.monotonic()
        latencies = [await done for done in asyncio.as_completed([timed() for _ in range(n)])]
        return Burst(wall_seconds=time.monotonic() - started, latencies_seconds=latencies)


def verdict(one: Burst, many: Burst) -> Literal["concurrent", "sequential"]:
    """Whether the service that took ``one`` (a burst of 1) works on ``many`` (5 or more) together or in turn."""
    at_once = len(many.latencies_seconds) * one.latencies_seconds[0] / many.wall_seconds
    return "concurrent" if at_once > 2 else "sequential"
