# Right answer to H: a def endpoint; the calls run on an event loop in a thread of its own, in one client.

import asyncio
import threading
from contextlib import asynccontextmanager

import httpx
from fastapi import APIRouter

from app.settings import settings

SERVICES = ["service_1", "service_2", "service_3", "service_4", "service_5"]
calls = asyncio.new_event_loop()
state = {}


async def connect() -> None:
    state["client"] = httpx.AsyncClient(base_url=settings.services_url, timeout=settings.upstream_timeout_seconds)


@asynccontextmanager
async def lifespan(app):
    threading.Thread(target=calls.run_forever, daemon=True).start()
    asyncio.run_coroutine_threadsafe(connect(), calls).result()
    yield
    calls.call_soon_threadsafe(calls.stop)


router = APIRouter(lifespan=lifespan)


async def fetch(name: str):
    response = await state["client"].get(name)
    return response.raise_for_status().json()


@router.get("/dashboard")
def read_dashboard():
    futures = {name: asyncio.run_coroutine_threadsafe(fetch(name), calls) for name in SERVICES}
    failed = [name for name, future in futures.items() if future.exception()]
    return {"errors": failed} | {name: None if name in failed else future.result() for name, future in futures.items()}
