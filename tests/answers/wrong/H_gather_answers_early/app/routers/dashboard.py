# Wrong answer to H: gather raises at the first failure, and what isn't there by then is null.
# Rejected by: test_a_failure_does_not_stop_the_others
# Because: When service_\d failed.*the dashboard was answered

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
    tasks = [asyncio.create_task(fetch(request.state.services, name)) for name in SERVICES]
    try:
        await asyncio.gather(*tasks)
    except (httpx.HTTPError, ValueError):
        pass
    results = [ValueError() if not task.done() else task.exception() or task.result() for task in tasks]
    page, errors = {}, []
    for name, result in zip(SERVICES, results):
        if isinstance(result, BaseException):
            errors.append(name)
            page[name] = None
        else:
            page[name] = result
    return {**page, "errors": errors}
