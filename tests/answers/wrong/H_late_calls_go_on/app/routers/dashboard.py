# Wrong answer to H: asyncio.wait with a time limit, and what is late is left alone.
# Rejected by: test_one_that_is_slow
# Because: still open

import asyncio
from contextlib import asynccontextmanager

import httpx
from fastapi import APIRouter, Request

from app.settings import settings

SERVICES = ["service_1", "service_2", "service_3", "service_4", "service_5"]


@asynccontextmanager
async def lifespan(app):
    async with httpx.AsyncClient(base_url=settings.services_url, timeout=None) as client:
        yield {"services": client}


router = APIRouter(lifespan=lifespan)
tasks_kept = set()


async def fetch(client: httpx.AsyncClient, name: str):
    response = await client.get(f"/{name}")
    response.raise_for_status()
    return response.json()


@router.get("/dashboard")
async def read_dashboard(request: Request) -> dict:
    tasks = [asyncio.create_task(fetch(request.state.services, name)) for name in SERVICES]
    tasks_kept.update(tasks)
    _, late = await asyncio.wait(tasks, timeout=settings.upstream_timeout_seconds)
    results = [TimeoutError() if task in late else task.exception() or task.result() for task in tasks]
    page, errors = {}, []
    for name, result in zip(SERVICES, results):
        if isinstance(result, BaseException):
            errors.append(name)
            page[name] = None
        else:
            page[name] = result
    return {**page, "errors": errors}
