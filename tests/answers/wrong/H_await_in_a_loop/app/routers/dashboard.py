# Wrong answer to H: an await in a loop.
# Rejected by: test_the_five_calls_are_in_flight_together
# Because: sent call 2 \(service_\d\) only after call 1 \(service_\d\) had been answered.*dashboard\.py:2\d

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
    page, errors = {}, []
    for name in SERVICES:
        try:
            page[name] = await fetch(request.state.services, name)
        except (httpx.HTTPError, ValueError):
            page[name] = None
            errors.append(name)
    return {**page, "errors": errors}
