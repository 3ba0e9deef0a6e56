# Right answer to 5.5: the loop's handler of signals calls uvicorn's; a future of the loop's executor; app.state.

import asyncio
import functools
import logging
import signal
from contextlib import asynccontextmanager

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from app import digits
from app.settings import settings


def told(future: asyncio.Future) -> None:
    if not future.cancelled() and future.exception() is not None:
        logging.critical("the model can't be loaded", exc_info=future.exception())


@asynccontextmanager
async def lifespan(app):
    loop = asyncio.get_running_loop()
    app.state.draining = False
    app.state.loading = loop.run_in_executor(None, digits.load)
    app.state.loading.add_done_callback(told)
    uvicorn_stops = signal.getsignal(signal.SIGTERM)

    def drain():
        app.state.draining = True
        loop.call_later(settings.drain_seconds, functools.partial(uvicorn_stops, signal.SIGTERM, None))

    loop.add_signal_handler(signal.SIGTERM, drain)
    yield
    loop.remove_signal_handler(signal.SIGTERM)


router = APIRouter(lifespan=lifespan)


@router.get("/health/live")
async def live():
    return JSONResponse({"status": "alive"})


@router.get("/health/ready")
async def ready(request: Request):
    state = request.app.state
    loading = state.loading
    if state.draining:
        return JSONResponse({"status": "draining"}, 503)
    if not loading.done():
        return JSONResponse({"status": "loading"}, 503)
    if loading.cancelled() or loading.exception():
        return JSONResponse({"status": "failed", "why": repr(loading.exception())}, 503, headers={"Retry-After": "30"})
    return JSONResponse({"status": "ready"})
