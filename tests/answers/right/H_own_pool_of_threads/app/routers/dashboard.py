# Right answer to H: a pool of 100 threads that lives as long as the service.

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

import httpx
from fastapi import APIRouter, Request

from app.settings import settings

SERVICES = ["service_1", "service_2", "service_3", "service_4", "service_5"]


@asynccontextmanager
async def lifespan(app):
    with ThreadPoolExecutor(100, "services") as pool, httpx.Client(base_url=settings.services_url) as client:
        yield {"pool": pool, "client": client}


router = APIRouter(lifespan=lifespan)


@router.get("/dashboard")
async def read_dashboard(request: Request):
    def fetch(name: str):
        response = request.state.client.get(name, timeout=settings.upstream_timeout_seconds)
        response.raise_for_status()
        return response.json()

    loop = asyncio.get_running_loop()
    futures = [loop.run_in_executor(request.state.pool, fetch, name) for name in SERVICES]
    page = {"errors": []}
    for name, future in zip(SERVICES, futures):
        try:
            page[name] = await future
        except (httpx.HTTPError, ValueError):
            page[name] = None
            page["errors"].append(name)
    return page
