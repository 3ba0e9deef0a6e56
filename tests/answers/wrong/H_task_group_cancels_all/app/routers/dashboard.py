# Wrong answer to H: a task group whose failure is caught outside: it has canceled the others.
# Rejected by: test_a_failure_does_not_stop_the_others
# Because: When service_\d failed.*gave up

import asyncio
from contextlib import asynccontextmanager

import httpx
from fastapi import APIRouter, Request

from app.settings import settings

SERVICES = ["service_1", "service_2", "service_3", "service_4", "service_5"]


@asynccontextmanager
async def lifespan(app):
    async with httpx.AsyncClient(base_url=settings.services_url, timeout=settings.upstream_timeout_seconds) as client:
        yield {"services": client}


router = APIRouter(lifespan=lifespan)


async def fetch(client: httpx.AsyncClient, name: str):
    response = await client.get(f"/{name}")
    response.raise_for_status()
    return response.json()


@router.get("/dashboard")
async def read_dashboard(request: Request) -> dict:
    try:
        async with asyncio.TaskGroup() as group:
            tasks = {name: group.create_task(fetch(request.state.services, name)) for name in SERVICES}
    except* (httpx.HTTPError, ValueError):
        pass
    errors = [name for name, task in tasks.items() if task.cancelled() or task.exception()]
    return {**{name: None if name in errors else task.result() for name, task in tasks.items()}, "errors": errors}
