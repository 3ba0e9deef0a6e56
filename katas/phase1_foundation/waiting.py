"""How exercises 1.5 and 1.7 look at requests that wait: held by the gate, or else by the clock."""

import time
from typing import Any

from dojo.kata import Observation, Red, Service, ServiceStarter, hold_and_ping, never_awaited, quoted, where

#: How long the endpoint is told to wait, in seconds. A wait that stands in front of the gate, or
#: holds the loop, is seen with the first. For ways to wait that no gate knows the clock has to
#: tell, and it can once the wait is long against the machine's noise.
QUICK, LONG = 0.2, (1.0, 3.0)


async def observe_waits(service: ServiceStarter, path: str, count: int, payload: dict[str, Any]) -> Observation:
    """``count`` requests to ``path``, seen while they wait; raises `Red` when one isn't answered with 200."""
    seen = await _observe(service, path, count, payload, QUICK)
    if seen.held or seen.blocks:
        return seen
    for wait in LONG:
        await timed(await service(inference_seconds=wait), path, payload, wait)
        seen = await _observe(service, path, count, payload, wait)
        if seen.together or seen.held or seen.blocks:
            break
    return seen


async def _observe(service: ServiceStarter, path: str, count: int, payload: dict[str, Any], wait: float) -> Observation:
    api = await service(inference_seconds=wait)
    seen = await hold_and_ping(api, path, count, payload, wait=wait)
    for request in seen.requests:
        if request.response is not None:
            await api.expect(200, request.response, why=f"{count} requests were sent together.")
    return seen


async def timed(api: Service, path: str, payload: dict[str, Any], wait: float) -> None:
    """Raises `Red` when POST ``path`` isn't answered well, or sooner than after ``wait`` seconds."""
    sent = time.perf_counter()
    answer = await api.post(path, json=payload)
    took = time.perf_counter() - sent
    await api.expect(200, answer)
    if took < 0.99 * wait:
        told = f"With INFERENCE_SECONDS={wait}, POST {path} was answered after {took:.3f} s."
        waits = [w for w in await api.waits() if w["frame"]]
        if waits:
            told += f" It waited at {where(waits[-1]['frame'])}:{quoted(waits[-1]['frame'])}"
        raise Red(told + never_awaited(api.host.output()))
