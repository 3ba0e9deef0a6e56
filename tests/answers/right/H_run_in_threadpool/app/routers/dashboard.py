# Right answer to H: FastAPI's own threads with one blocking client, in a task group that never sees a failure.

from contextlib import asynccontextmanager

import anyio
import httpx
from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool

from app.settings import settings

SERVICES = ["service_1", "service_2", "service_3", "service_4", "service_5"]


@asynccontextmanager
async def lifespan(app):
    with httpx.Client(base_url=settings.services_url, timeout=settings.upstream_timeout_seconds) as client:
        yield {"services": client}


router = APIRouter(lifespan=lifespan)


def fetch(client: httpx.Client, name: str):
    try:
        response = client.get(name)
        response.raise_for_status()
        return True, response.json()
    except Exception:
        return False, None


@router.get("/dashboard")
async def read_dashboard(request: Request) -> dict:
    got = {}

    async def ask(name: str) -> None:
        got[name] = await run_in_threadpool(fetch, request.state.services, name)

    async with anyio.create_task_group() as group:
        for name in SERVICES:
            group.start_soon(ask, name)
    return {**{name: got[name][1] for name in SERVICES}, "errors": [name for name in SERVICES if not got[name][0]]}
