# Right answer to 1.4: urllib on n threads, started by one to_thread; the border is the middle between one and n
"""An experiment that shows whether a service works on many requests at once or on one at a time."""

import asyncio
import json
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal
from urllib.request import Request, urlopen


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
    request = Request(url, json.dumps(dict(payload)).encode(), {"Content-Type": "application/json"})

    def timed(_: int) -> float:
        sent = time.perf_counter()
        with urlopen(request) as answer:
            answer.read()
        return time.perf_counter() - sent

    def all_at_once() -> Burst:
        with ThreadPoolExecutor(max_workers=n) as pool:
            started = time.perf_counter()
            latencies = list(pool.map(timed, range(n)))
            return Burst(time.perf_counter() - started, latencies)

    return await asyncio.to_thread(all_at_once)


def verdict(one: Burst, many: Burst) -> Literal["concurrent", "sequential"]:
    """Whether the service that took ``one`` (a burst of 1) works on ``many`` (5 or more) together or in turn."""
    together = one.wall_seconds
    in_turn = one.wall_seconds * len(many.latencies_seconds)
    return "concurrent" if many.wall_seconds < (together + in_turn) / 2 else "sequential"
