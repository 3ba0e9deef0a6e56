"""The judge's router beside the learner's: requests that take a thread for as long as the judge likes, and some that take none."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from dojo_meet import meet
from fastapi import APIRouter

router = APIRouter()
_own = ThreadPoolExecutor(8)


@router.get("/judge/thread")
def on_a_thread():
    meet("thread")
    return {"done": True}


@router.get("/judge/wait")
async def on_the_loop():
    await asyncio.get_running_loop().run_in_executor(_own, meet, "wait")
    return {"done": True}


@router.get("/judge/now")
async def at_once():
    return {"done": True}
