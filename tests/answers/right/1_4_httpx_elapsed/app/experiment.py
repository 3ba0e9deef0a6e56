# Right answer to 1.4: latencies as httpx measures them; by the spread of the latencies
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
    async with httpx.AsyncClient(timeout=None) as client:
        started = time.monotonic()
        answers = await asyncio.gather(*[client.post(url, json=payload) for _ in range(n)])
        wall = time.monotonic() - started
    return Burst(wall, [answer.elapsed.total_seconds() for answer in answers])


def verdict(one: Burst, many: Burst) -> Literal["concurrent", "sequential"]:
    """Whether the service that took ``one`` (a burst of 1) works on ``many`` (5 or more) together or in turn."""
    spread = max(many.latencies_seconds) - min(many.latencies_seconds)
    return "concurrent" if spread < 1.5 * one.wall_seconds else "sequential"
