# Wrong answer to H: a semaphore of two for each dashboard.
# Rejected by: test_the_five_calls_are_in_flight_together
# Because: sent call 3 \(service_\d\) only after call \d .* had been answered

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


@router.get("/dashboard")
async def read_dashboard(request: Request) -> dict:
    two = asyncio.Semaphore(2)

    async def fetch(name: str):
        async with two:
            response = await request.state.services.get(name)
        response.raise_for_status()
        return response.json()

    results = await asyncio.gather(*(fetch(name) for name in SERVICES), return_exceptions=True)
    page, errors = {}, []
    for name, result in zip(SERVICES, results):
        if isinstance(result, BaseException):
            errors.append(name)
            page[name] = None
        else:
            page[name] = result
    return {**page, "errors": errors}
