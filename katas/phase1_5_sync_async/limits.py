"""Whether it is the setting that limits a wait: two services side by side, of which the one with the long limit is asked first."""

import asyncio
from typing import Any

from dojo.kata import Red

#: The long limit, within which nothing of a kata takes. In seconds.
LONG = 60.0
#: So long after the other one has given up, a service whose limit is the same is seen to give up too. In seconds.
MOMENT = 0.2


async def must_wait_on(patient: "asyncio.Task[Any]", short: float, what: str) -> None:
    """Raises `Red` when the request to the service with the long limit is over soon after that to the one with ``short``.

    No clock is compared with any limit: with the setting's a right answer has most of a minute left.
    """
    done, _ = await asyncio.wait({patient}, timeout=MOMENT)
    if done:
        raise Red(f"Two services ran side by side, with UPSTREAM_TIMEOUT_SECONDS {short} and {LONG:g}, and {what}. The one with {LONG:g}, which was "
                  "asked first, gave up as well: its time limit isn't UPSTREAM_TIMEOUT_SECONDS.")
