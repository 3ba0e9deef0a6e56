# Right answer to 5.5: the first inference warms the model up; what the module's cache says; the signal is sent again.

import asyncio
import logging
import os
import signal
from contextlib import asynccontextmanager

import numpy as np
from fastapi import APIRouter, HTTPException, Request

from app import digits
from app.settings import settings


@asynccontextmanager
async def lifespan(app):
    class health:
        draining = False

    async def warm_up():
        try:
            await asyncio.to_thread(digits.infer, np.zeros(64, dtype=np.float32))
        except Exception as error:
            logging.getLogger(__name__).warning("warm-up failed: %r", error)

    async def drain():
        health.draining = True
        await asyncio.sleep(settings.drain_seconds)
        signal.signal(signal.SIGTERM, uvicorns)
        os.kill(os.getpid(), signal.SIGTERM)

    loop = asyncio.get_running_loop()
    tasks = [loop.create_task(warm_up())]
    uvicorns = signal.signal(signal.SIGTERM, lambda *_: loop.call_soon_threadsafe(lambda: tasks.append(loop.create_task(drain()))))
    try:
        yield {"health": health}
    finally:
        for task in tasks:
            task.cancel()


router = APIRouter(prefix="/health", lifespan=lifespan)


@router.get("/live", name="liveness")
async def live():
    return {"status": "alive"}


@router.get("/ready", name="readiness", responses={503: {"description": "loading or draining"}})
async def ready(request: Request):
    if request.state.health.draining or not digits._model.cache_info().currsize:
        raise HTTPException(status_code=503, detail={"status": "not ready"})
    return {"status": "ready"}
