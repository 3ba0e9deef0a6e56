# Wrong answer to H: tasks awaited one after the other, each with the whole time limit.
# Rejected by: test_five_that_are_slow
# Because: took turns|one after the other

import asyncio
from contextlib import asynccontextmanager

import httpx
from fastapi import APIRouter, Request

from app.settings import settings

SERVICES = ["service_1", "service_2", "service_3", "service_4", "service_5"]


@asynccontextmanager
async def lifespan(app):
    async with httpx.AsyncClient(base_url=settings.services_url, timeout=None) as client:
        yield {"services": client}


router = APIRouter(lifespan=lifespan)


async def fetch(client: httpx.AsyncClient, name: str):
    response = await client.get(f"/{name}")
    response.raise_for_status()
    return response.json()


@router.get("/dashboard")
async def read_dashboard(request: Request) -> dict:
    tasks = [asyncio.create_task(fetch(request.state.services, name)) for name in SERVICES]
    results = []
    for task in tasks:
        try:
            results.append(await asyncio.wait_for(task, settings.upstream_timeout_seconds))
        except (httpx.HTTPError, TimeoutError, ValueError) as error:
            results.append(error)
    page, errors = {}, []
    for name, result in zip(SERVICES, results):
        if isinstance(result, BaseException):
            errors.append(name)
            page[name] = None
        else:
            page[name] = result
    return {**page, "errors": errors}
