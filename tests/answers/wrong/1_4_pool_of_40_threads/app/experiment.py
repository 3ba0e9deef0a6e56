# Wrong answer to 1.4: forty threads for any number of requests.
# Rejected by: test_all_requests_are_sent_at_once
# Because: burst\(\) was asked for \d\d requests\. This service answers none before all have arrived: 40 requests came
"""An experiment that shows whether a service works on many requests at once or on one at a time."""

import asyncio
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
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
    def timed(_: int) -> float:
        sent = time.perf_counter()
        httpx.post(url, json=dict(payload), timeout=None, trust_env=False)
        return time.perf_counter() - sent

    def together() -> Burst:
        with ThreadPoolExecutor(40) as pool:
            started = time.perf_counter()
            latencies = list(pool.map(timed, range(n)))
            return Burst(time.perf_counter() - started, latencies)

    return await asyncio.to_thread(together)


def verdict(one: Burst, many: Burst) -> Literal["concurrent", "sequential"]:
    """Whether the service that took ``one`` (a burst of 1) works on ``many`` (5 or more) together or in turn."""
    n = len(many.latencies_seconds)
    return "sequential" if many.wall_seconds > one.wall_seconds * n**0.5 else "concurrent"
