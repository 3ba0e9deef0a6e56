"""Whether it is the setting that limits a wait, and the whole of it: two services side by side, the one with the long limit is asked first."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

import httpx

from dojo.kata import Call, Red, Service, Upstream
from dojo.outside import OutsideGate

#: The long limit, within which nothing of a kata takes. In seconds.
LONG = 60.0
#: So often its loop answers after the other one has given up, and so long is waited then, in seconds: a service whose limit is the same,
#: and was over before that, has given up as well.
SIGNS_OF_LIFE, MOMENT = 12, 0.05
#: So often is asked until the answer is a success, where a time limit is short.
TIMES = 20
#: Only ends a hang, beyond a time limit. In seconds.
PATIENCE = 4.0


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


async def let_go(gate: OutsideGate, but: int = 0) -> bool:
    """Whether calls that nobody waits for have ended, all ``but`` so many: it may take a moment until a connection is closed."""
    for _ in range(400):
        if len(gate.held) <= but:
            return True
        await asyncio.sleep(0.005)
    return False


def too_late(calls: Sequence[Call], limit: float) -> bool:
    """Whether of the ``calls`` that one question led to a further one was made when ``limit`` seconds had passed since the first."""
    return any(call.sent - calls[0].sent >= limit for call in calls)


async def must_not_begin_anew(gate: Upstream, question: Coroutine[Any, Any, Any], limit: float) -> None:
    """Raises `Red` when a question that ``gate`` holds is asked again after ``limit`` seconds, which are the setting: nobody's time begins anew.

    A machine under load may delay a further try that was made in time: this is for a second look, with a longer limit than the first.
    """
    gate.close()
    asked = asyncio.create_task(question)
    until = time.perf_counter() + 2 * limit + PATIENCE
    try:
        while not asked.done() and not too_late(gate.calls, limit) and time.perf_counter() < until:
            await asyncio.sleep(0.01)
        calls = list(gate.calls)
    finally:
        asked.cancel()
        await asyncio.gather(asked, return_exceptions=True)
        gate.open()
    if too_late(calls, limit):
        raise Red(f"UPSTREAM_TIMEOUT_SECONDS was {limit:g}, and {gate.name} held its answer. Your code asked again when "
                  f"{calls[-1].sent - calls[0].sent:.1f} s had passed since it had first asked. The limit is for all tries together: with "
                  "one for each, your clients wait several times as long, and who is too slow already gets several times the work.")
