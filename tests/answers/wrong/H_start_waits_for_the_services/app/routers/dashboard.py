# Wrong answer to H: the service asks the five when it starts.
# Rejected by: test_services_that_are_down
# Because: failed while the service started up

import asyncio
from contextlib import asynccontextmanager

import httpx
from fastapi import APIRouter, Request

from app.settings import settings

SERVICES = ["service_1", "service_2", "service_3", "service_4", "service_5"]


@asynccontextmanager
async def lifespan(app):
    async with httpx.AsyncClient(base_url=settings.services_url, timeout=settings.upstream_timeout_seconds) as client:
        (await client.get("/service_1")).raise_for_status()
        yield {"services": client}


router = APIRouter(lifespan=lifespan)


async def fetch(client: httpx.AsyncClient, name: str):
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
