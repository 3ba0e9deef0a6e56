# Wrong answer to H: gather without return_exceptions.
# Rejected by: test_a_failure_is_null_and_named
# Because: answered 500, expected 200.*HTTPStatusError.*dashboard\.py:\d+

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
    client = request.state.services
    results = await asyncio.gather(*(fetch(client, name) for name in SERVICES))
    return {**dict(zip(SERVICES, results)), "errors": []}
