# Right answer to H: a TaskGroup whose tasks return results, asyncio.timeout_at with one deadline for all.
import asyncio
import json
from contextlib import asynccontextmanager

import httpx
from fastapi import APIRouter, Request

from app.settings import settings

SERVICES = ("service_1", "service_2", "service_3", "service_4", "service_5")
FAILED = object()


@asynccontextmanager
async def lifespan(app):
    async with httpx.AsyncClient() as client:
        yield {"services": client}


router = APIRouter(lifespan=lifespan)


async def fetch(client, name, deadline):
    try:
        async with asyncio.timeout_at(deadline):
            response = await client.get(f"{settings.services_url}/{name}", timeout=None)
        if response.status_code not in range(200, 300):
            return FAILED
        return json.loads(response.content)
    except (httpx.RequestError, ValueError, TimeoutError):
        return FAILED


@router.get("/dashboard")
async def read_dashboard(request: Request):
    deadline = asyncio.get_running_loop().time() + settings.upstream_timeout_seconds
    async with asyncio.TaskGroup() as tg:
        tasks = {name: tg.create_task(fetch(request.state.services, name, deadline)) for name in SERVICES}
    results = {name: task.result() for name, task in tasks.items()}
    return {
        **{name: None if value is FAILED else value for name, value in results.items()},
        "errors": [name for name, value in results.items() if value is FAILED],
    }
