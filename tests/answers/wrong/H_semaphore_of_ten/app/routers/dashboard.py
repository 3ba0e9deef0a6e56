# Wrong answer to H: ten calls at a time for the whole service.
# Rejected by: test_dashboards_do_not_wait_for_each_other
# Because: got 10 at once, and no more

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
ten = asyncio.Semaphore(10)


async def fetch(client: httpx.AsyncClient, name: str):
    async with ten:
        response = await client.get(f"/{name}")
    response.raise_for_status()
    return response.json()


@router.get("/dashboard")
async def read_dashboard(request: Request) -> dict:
    client = request.state.services
    results = await asyncio.gather(*(fetch(client, name) for name in SERVICES), return_exceptions=True)
    page, errors = {}, []
    for name, result in zip(SERVICES, results):
        if isinstance(result, BaseException):
            errors.append(name)
            page[name] = None
        else:
            page[name] = result
    return {**page, "errors": errors}
