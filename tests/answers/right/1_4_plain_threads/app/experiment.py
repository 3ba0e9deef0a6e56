# Right answer to 1.4: a plain thread for each request, with urllib
"""An experiment that shows whether a service works on many requests at once or on one at a time."""

import json
import threading
import time
from collections.abc import Mapping
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
    body = json.dumps(dict(payload)).encode()
    latencies: list[float] = []

    def timed() -> None:
        sent = time.perf_counter()
        urlopen(Request(url, body, {"Content-Type": "application/json; charset=utf-8"})).read()
        latencies.append(time.perf_counter() - sent)

    threads = [threading.Thread(target=timed) for _ in range(n)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Burst(time.perf_counter() - started, latencies)


def verdict(one: Burst, many: Burst) -> Literal["concurrent", "sequential"]:
    """Whether the service that took ``one`` (a burst of 1) works on ``many`` (5 or more) together or in turn."""
    n = len(many.latencies_seconds)
    return "sequential" if many.wall_seconds > one.wall_seconds * n**0.5 else "concurrent"
