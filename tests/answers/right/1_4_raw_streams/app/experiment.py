# Right answer to 1.4: asyncio streams and HTTP by hand; by logarithms
"""An experiment that shows whether a service works on many requests at once or on one at a time."""

import asyncio
import json
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit


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
    address = urlsplit(url)
    body = json.dumps(dict(payload)).encode()
    head = (
        f"POST {address.path or '/'} HTTP/1.1\r\nHost: {address.netloc}\r\nConnection: close\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )

    async def timed() -> float:
        sent = time.perf_counter()
        reader, writer = await asyncio.open_connection(address.hostname, address.port or 80)
        writer.write(head.encode() + body)
        answer = await reader.read()
        assert answer.startswith(b"HTTP/1.1 200"), answer
        writer.close()
        return time.perf_counter() - sent

    started = time.perf_counter()
    latencies = await asyncio.gather(*(timed() for _ in range(n)))
    return Burst(time.perf_counter() - started, latencies)


def verdict(one: Burst, many: Burst) -> Literal["concurrent", "sequential"]:
    """Whether the service that took ``one`` (a burst of 1) works on ``many`` (5 or more) together or in turn."""
    # 0 when together, 1 when in turn.
    growth = math.log(many.wall_seconds / one.wall_seconds, len(many.latencies_seconds))
    return "sequential" if growth > 0.5 else "concurrent"
