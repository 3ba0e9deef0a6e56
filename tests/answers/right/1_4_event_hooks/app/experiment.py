# Right answer to 1.4: httpx's event hooks take the times
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
    sent: dict[httpx.Request, float] = {}
    latencies: list[float] = []

    async def leaves(request: httpx.Request) -> None:
        sent[request] = time.perf_counter()

    async def comes(response: httpx.Response) -> None:
        await response.aread()
        latencies.append(time.perf_counter() - sent[response.request])

    hooks = {"request": [leaves], "response": [comes]}
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(limits=limits, timeout=None, event_hooks=hooks) as client:
        started = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for _ in range(n):
                group.create_task(client.post(url, json=payload))
        return Burst(time.perf_counter() - started, latencies)


def verdict(one: Burst, many: Burst) -> Literal["concurrent", "sequential"]:
    """Whether the service that took ``one`` (a burst of 1) works on ``many`` (5 or more) together or in turn."""
    n = len(many.latencies_seconds)
    return "sequential" if many.wall_seconds > one.wall_seconds * n**0.5 else "concurrent"
