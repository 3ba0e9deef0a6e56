# Right answer to H: the five tasks are started by a dependency; a semaphore of 200 is wide enough.

import asyncio
from contextlib import asynccontextmanager

import httpx
from fastapi import APIRouter, Depends, Request

from app.settings import settings

SERVICES = ["service_1", "service_2", "service_3", "service_4", "service_5"]


@asynccontextmanager
async def lifespan(app):
    async with httpx.AsyncClient(base_url=settings.services_url, timeout=settings.upstream_timeout_seconds) as client:
        yield {"services": client}


router = APIRouter(lifespan=lifespan)

limit = asyncio.Semaphore(200)


async def calls(request: Request):
    async def fetch(name: str):
        async with limit, asyncio.timeout(settings.upstream_timeout_seconds):
            response = await request.state.services.get(name, headers={"accept": "application/json"})
        response.raise_for_status()
        return response.json()

    tasks = {name: asyncio.create_task(fetch(name), name=name) for name in SERVICES}
    yield tasks
    for task in tasks.values():
        task.cancel()


@router.get("/dashboard")
async def read_dashboard(calls: dict = Depends(calls)):
    await asyncio.wait(calls.values(), return_when=asyncio.ALL_COMPLETED)
    broken = {name for name, call in calls.items() if call.cancelled() or call.exception() is not None}
    return {name: call.result() if name not in broken else None for name, call in calls.items()} | {"errors": list(broken)}
