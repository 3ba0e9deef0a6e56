# Wrong answer to H: httpx's default time limit of five seconds.
# Rejected by: test_one_that_is_slow
# Because: after 4.25 s there was no answer

import asyncio
from contextlib import asynccontextmanager

import httpx
from fastapi import APIRouter, Request

from app.settings import settings

SERVICES = ["service_1", "service_2", "service_3", "service_4", "service_5"]


@asynccontextmanager
async def lifespan(app):
    async with httpx.AsyncClient(base_url=settings.services_url) as client:
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
