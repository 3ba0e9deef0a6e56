"""Services that end in different ways, and one that logs in all of them."""

import asyncio
import gc
import logging
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager

from fastapi import BackgroundTasks, FastAPI

logger = logging.getLogger(__name__)
silent = logging.getLogger("uvicorn.error")  # has a handler that throws all away


def ending(end: Callable[[], Awaitable[object]]) -> FastAPI:
    """A service whose lifespan ends with ``end``."""
    @asynccontextmanager
    async def lifespan(app):
        yield
        await end()

    app = FastAPI(lifespan=lifespan)

    @app.get("/background")
    async def background(tasks: BackgroundTasks):
        tasks.add_task(asyncio.Event().wait)

    return app


async def nothing():
    pass


async def bounded():
    await asyncio.wait([asyncio.create_task(asyncio.Event().wait())], timeout=2)


async def joined():
    thread = threading.Thread(target=threading.Event().wait, daemon=True)
    thread.start()
    thread.join()


async def stands():
    time.sleep(1.2)


at_once, gives_up, joins, blocks = map(ending, (nothing, bounded, joined, stands))
sleeps, waits = ending(lambda: asyncio.sleep(2)), ending(lambda: asyncio.Event().wait())


async def fails():
    raise ValueError("nobody asks")


@at_once.get("/log")
async def log():
    logger.info("too low")
    silent.warning("%s is noted", "this")
    await asyncio.to_thread(logger.error, "so is a thread's", exc_info=ValueError())
    logging.getLogger("not enabled").setLevel(logging.ERROR)
    logging.getLogger("not enabled").warning("nobody sees it")
    task = asyncio.create_task(fails())
    await asyncio.sleep(0.01)
    del task
    gc.collect()
