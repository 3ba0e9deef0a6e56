"""An experiment that shows whether a service works on many requests at once or on one at a time."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal


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
    # TODO 1.4: nothing measures whether requests wait together.
    # Goal: all n requests are on their way before the first answer comes back.
    # Tool: httpx.AsyncClient to send, asyncio.gather to send together, time.perf_counter to time.
    # Mind httpx's default time limit of 5 seconds: a slow service isn't an error here.
    raise NotImplementedError("1.4: burst() sends nothing yet")


def verdict(one: Burst, many: Burst) -> Literal["concurrent", "sequential"]:
    """Whether the service that took ``one`` (a burst of 1) works on ``many`` (5 or more) together or in turn."""
    # TODO 1.4: Goal: tell the two apart on any service, fast or slow. Tool: compare, don't
    # measure against a fixed number of seconds.
    raise NotImplementedError("1.4: verdict() compares nothing yet")
