# Wrong answer to H: the closure sees the last name only.
# Rejected by: test_the_five_answers
# Because: asked for.*service_5

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
    calls = []
    for name in SERVICES:
        async def fetch():
            response = await request.state.services.get(name)
            response.raise_for_status()
            return response.json()

        calls.append(fetch())
    results = await asyncio.gather(*calls, return_exceptions=True)
    page, errors = {}, []
    for name, result in zip(SERVICES, results):
        if isinstance(result, BaseException):
            errors.append(name)
            page[name] = None
        else:
            page[name] = result
    return {**page, "errors": errors}
