"""Whether it is the setting that limits a wait: two services side by side, of which the one with the long limit is asked first."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from dojo.kata import Red, Service

#: The long limit, within which nothing of a kata takes. In seconds.
LONG = 60.0
#: So often its loop answers after the other one has given up, and so long is waited then, in seconds: a service whose limit is the same,
#: and was over before that, has given up as well.
SIGNS_OF_LIFE, MOMENT = 12, 0.05
#: So often is asked until the answer is a success, where a time limit is short.
TIMES = 20


async def in_time(ask: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
    """The answer to a request that is sent again until it is a 200: a busy machine may need longer than a short limit, now and then."""
    for _ in range(TIMES):
        if (answer := await ask()).status_code == 200:
            break
    return answer


async def must_wait_on(api: Service, patient: "asyncio.Task[Any]", short: float, what: str) -> None:
    """Raises `Red` when the request to ``api``, which has the long limit, is over soon after that to the one with ``short``.

    No clock is compared with any limit: with the setting's a right answer has most of a minute left.
    """
    for _ in range(SIGNS_OF_LIFE):
        await api.pulse()
    done, _ = await asyncio.wait({patient}, timeout=MOMENT)
    if done:
        raise Red(f"Two services ran side by side, with UPSTREAM_TIMEOUT_SECONDS {short} and {LONG:g}, and {what}. The one with {LONG:g}, which was "
                  "asked first, gave up as well: its time limit isn't UPSTREAM_TIMEOUT_SECONDS.")
