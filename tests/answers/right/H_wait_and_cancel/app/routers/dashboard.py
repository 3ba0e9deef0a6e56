# Right answer to H: asyncio.wait with one time limit for all, and what is late is canceled.

import asyncio
from contextlib import asynccontextmanager

import httpx
from fastapi import APIRouter, FastAPI, Request

from app.settings import settings

NAMES = tuple(f"service_{number}" for number in range(1, 6))


@asynccontextmanager
async def lifespan(app: FastAPI):
    app.state.dashboard_client = httpx.AsyncClient(timeout=None)
    yield
    await app.state.dashboard_client.aclose()


router = APIRouter(lifespan=lifespan)


async def fetch(client: httpx.AsyncClient, name: str):
    response = await client.get(f"{settings.services_url}/{name}")
    response.raise_for_status()
    return response.json()


@router.get("/dashboard")
async def read_dashboard(request: Request):
    client = request.app.state.dashboard_client
    tasks = {name: asyncio.create_task(fetch(client, name)) for name in NAMES}
    _, late = await asyncio.wait(tasks.values(), timeout=settings.upstream_timeout_seconds)
    for task in late:
        task.cancel()
    page = {"errors": []}
    for name, task in tasks.items():
        if task in late or task.exception() is not None:
            page[name] = None
            page["errors"].append(name)
        else:
            page[name] = task.result()
    return page
