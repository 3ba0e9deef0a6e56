"""The judge's router beside the learner's: requests that take a thread for as long as the judge likes, and some that take none."""

import asyncio
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from dojo_meet import meet
from fastapi import APIRouter

router = APIRouter()
_own = ThreadPoolExecutor(8)
#: What the clocks say at which the learner's code looks: each look is a millionth of a second after the last one. Empty while they go right.
_slow = {}


def _looked_at(clock, tick):
    def now():
        if not _slow or not sys._getframe(1).f_globals.get("__name__", "").startswith("app."):
            return clock()
        _slow[clock] += tick
        return _slow[clock]
    return now


_clocks = {name: getattr(time, name) for name in ("monotonic", "perf_counter", "time")}
_clocks |= {f"{name}_ns": getattr(time, f"{name}_ns") for name in _clocks}
for _name, _clock in _clocks.items():
    setattr(time, _name, _looked_at(_clock, 1000 if _name.endswith("_ns") else 1e-6))


@router.get("/judge/thread")
def on_a_thread():
    meet("thread")
    return {"done": True}


@router.get("/judge/asyncio")
async def on_a_thread_of_asyncios():
    await asyncio.to_thread(meet, "thread")
    return {"done": True}


@router.get("/judge/wait")
async def on_the_loop():
    await asyncio.get_running_loop().run_in_executor(_own, meet, "wait")
    return {"done": True}


@router.get("/judge/now")
async def at_once():
    return {"done": True}


@router.get("/judge/later")
async def later():
    """Puts the loop's clock forward by an hour, so that a pause is over now."""
    loop = asyncio.get_running_loop()
    clock = loop.time
    loop.time = lambda: clock() + 3600
    return {"done": True}


@router.get("/judge/slow")
async def slow():
    """From now on hardly any time goes by for the learner's code; the loop's own clock goes on."""
    _slow.update({clock: clock() for clock in _clocks.values()})
    return {"done": True}
