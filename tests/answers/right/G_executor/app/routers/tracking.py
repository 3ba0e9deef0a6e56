# Right answer to G: a pool of threads of its own with urllib, shut down when the lifespan ends.

import asyncio
import json
import logging
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

from fastapi import APIRouter, Body

from app.settings import settings


def deliver(event: str, user_id: int) -> None:
    request = urllib.request.Request(
        settings.analytics_url + "/events",
        data=json.dumps({"event": event, "user_id": user_id}).encode(),
        headers={"Content-Type": "application/json"},
        method="POST",
    )
    try:
        urllib.request.urlopen(request, timeout=settings.upstream_timeout_seconds).close()
    except Exception as error:
        logging.warning("analytics: %r", error)


@asynccontextmanager
async def lifespan(app):
    with ThreadPoolExecutor(8) as pool:
        yield {"pool": pool}
        await asyncio.to_thread(pool.shutdown)


from fastapi import Request

router = APIRouter(lifespan=lifespan)


@router.post("/track", status_code=202)
async def track(request: Request, event: str = Body(), user_id: int = Body()):
    request.state.pool.submit(deliver, event, user_id)
    return {"status": "accepted"}
