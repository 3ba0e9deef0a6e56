"""How exercises 1.5 and 1.7 look at requests that wait: held by the gate, or else by the clock."""

from typing import Any

from dojo.kata import Observation, ServiceStarter, hold_and_ping

#: How long the endpoint is told to wait, in seconds. A wait that stands in front of the gate, or
#: holds the loop, is seen with the first. For ways to wait that no gate knows the clock has to
#: tell, and it can once the wait is long against the machine's noise.
WAITS = (0.2, 1.0, 3.0)


async def observe_waits(service: ServiceStarter, path: str, count: int, payload: dict[str, Any]) -> Observation:
    """``count`` requests to ``path``, seen while they wait; raises `Red` when one isn't answered with 200."""
    for wait in WAITS:
        api = await service(inference_seconds=wait)
        seen = await hold_and_ping(api, path, count, payload, wait=wait)
        for request in seen.requests:
            if request.response is not None:
                await api.expect(200, request.response, why=f"{count} requests were sent together.")
        if seen.together or seen.held or seen.blocks or not seen.answered or min(seen.latencies) < 0.99 * wait:
            break
    return seen
