# Wrong answer to H: 0, false and empty things are taken for failures.
# Rejected by: test_whatever_is_json_is_passed_through
# Because: errors

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
    try:
        response = await client.get(f"/{name}")
        response.raise_for_status()
        return response.json()
    except (httpx.HTTPError, ValueError):
        return None


@router.get("/dashboard")
async def read_dashboard(request: Request) -> dict:
    client = request.state.services
    results = await asyncio.gather(*(fetch(client, name) for name in SERVICES))
    errors = [name for name, result in zip(SERVICES, results) if not result]
    return {**dict(zip(SERVICES, results)), "errors": errors}
