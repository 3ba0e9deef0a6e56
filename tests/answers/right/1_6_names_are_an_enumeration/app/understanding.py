# Right answer to 1.6: the names of the experiments are an enumeration of texts: class Experiment(str, Enum).
"""What you expect of four endpoints, before you see it: each expectation is checked by a live experiment."""

import enum
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Prediction:
    """What will be seen while requests wait in one endpoint.

    ``wait_together``: how many of them wait at the same time (the others wait for their turn).
    ``thread``: where they wait: ``"loop"``, the event loop's own thread, or ``"pool"``, threads
    of the pool. ``health_answers``: whether GET /health, a plain ``def`` endpoint of the same
    service that waits for nothing, answers meanwhile.
    """

    wait_together: int
    thread: Literal["loop", "pool"]
    health_answers: bool


class Experiment(str, enum.Enum):
    """The four experiments; each member is its name, and equal to it."""

    POOL = "def + time.sleep"
    AWAITED = "async def + asyncio.sleep"
    HELD = "async def + time.sleep"
    FULL_POOL = "def + time.sleep, 100 requests"


def predictions() -> dict[str, Prediction]:
    """The prediction for each of four experiments, by its name.

    - ``"def + time.sleep"``: 8 requests to a ``def`` endpoint that calls ``time.sleep``;
    - ``"async def + asyncio.sleep"``: 8 to an ``async def`` endpoint that awaits ``asyncio.sleep``;
    - ``"async def + time.sleep"``: 8 to an ``async def`` endpoint that calls ``time.sleep``;
    - ``"def + time.sleep, 100 requests"``: 100 to the first of them.
    """
    return {
        # FastAPI calls a `def` endpoint on a pool thread; eight sleepers take eight threads.
        Experiment.POOL: Prediction(wait_together=8, thread="pool", health_answers=True),
        # `await` parks the request on the loop, which goes on serving.
        Experiment.AWAITED: Prediction(wait_together=8, thread="loop", health_answers=True),
        # The loop's one thread sleeps: the other seven haven't even been looked at.
        Experiment.HELD: Prediction(wait_together=1, thread="loop", health_answers=False),
        # The pool has 40 threads; sixty requests queue for one, and so does /health, a `def` itself.
        Experiment.FULL_POOL: Prediction(wait_together=40, thread="pool", health_answers=False),
    }
