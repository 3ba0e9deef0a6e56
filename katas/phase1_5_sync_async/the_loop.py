"""What the event loop must not do, whatever becomes of a request."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

from dojo.kata import Call, Red, Service, held_loop, quoted, where
from dojo.outside import OutsideGate

#: Only ends a hang. In seconds.
PATIENCE = 8.0
#: So often the loop has to answer while a call is held, before it is taken to be free.
SIGNS_OF_LIFE = 5
#: So many further questions fail as well, if there are so many: libraries try some times by themselves before your code has its turn.
TRIES = 12


async def must_stay_free(api: Service, when: str) -> None:
    """Raises `Red` when the service's code has waited on the event loop's own thread since the judge last began to look, or since its start.

    ``when``: what the service had to do with then, as a sentence. Who waited where is known without any clock.
    """
    waited = [block for block in (await api.report())["blocks"] if block["proof"] == "identity"]
    if waited:
        raise Red(f"{when} Your code waited on the event loop's own thread, at {where(waited[0]['place'])}:{quoted(waited[0]['place'])}\n"
                  "Nobody else is answered meanwhile, least of all when much goes wrong at once. A pause is `await asyncio.sleep(…)`; "
                  "what else waits goes to a thread.")


def all_but_the_first() -> Callable[[Call], bool]:
    """For a gate that is closed: the first call that comes goes through, and whatever comes after it is held."""
    first: list[Call] = []

    def is_later(call: Call) -> bool:
        first.append(call)
        return call is not first[0]

    return is_later


async def must_stay_free_for_a_second_try(
    api: Service, gate: OutsideGate, is_over: Callable[[], Any], when: str, fail: Callable[[], Any] | None = None,
) -> None:
    """Raises `Red` when the service asks once more after a failure, which is its own affair, and holds the event loop until the answer comes.

    The gate is closed, and is opened here, when ``is_over`` says that there will be no other question, or after some. Each is
    held until the loop was seen to be free meanwhile; then ``fail`` lets it fail as well (default: it is let go, to be answered as
    the dependency likes): whoever waits on the loop at first may hold it at the last try. ``when``: what has failed, as a sentence.
    """
    await api.watch(False)
    alive, tries, until = 0, 0, time.perf_counter() + PATIENCE
    try:
        while tries < TRIES and not is_over() and time.perf_counter() < until:
            pulse = await api.pulse()
            alive = alive + bool(pulse["alive"]) if gate.held else 0
            if alive >= SIGNS_OF_LIFE:
                alive, tries = 0, tries + 1
                (fail or gate.release)()
            if gate.held and pulse["stuck"]:
                blocks = (await api.report())["blocks"]
                raise Red(f"{when} Your code asked once more, and {gate.name} held the answer to that.\n"
                          + (f"{held_loop(blocks[0])}\n" if blocks else "")
                          + "A call that blocks belongs on a thread, at the second try as at the first.")
            await asyncio.sleep(0.003)
    finally:
        gate.open()
