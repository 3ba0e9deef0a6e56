# Right answer to H: as_completed, and each result carries its name.

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


async def ask(client: httpx.AsyncClient, name: str):
    try:
        async with asyncio.timeout(settings.upstream_timeout_seconds):
            response = await client.get("/" + name)
        if not response.is_success:
            return name, None, f"status {response.status_code}"
        return name, response.json(), None
    except (httpx.HTTPError, TimeoutError, ValueError) as error:
        return name, None, repr(error)


@router.get("/dashboard")
async def read_dashboard(request: Request):
    page = {}
    errors = []
    for next_one in asyncio.as_completed([ask(request.state.services, name) for name in SERVICES]):
        name, value, error = await next_one
        page[name] = value
        if error:
            errors.append(name)
    return {**page, "errors": errors}
