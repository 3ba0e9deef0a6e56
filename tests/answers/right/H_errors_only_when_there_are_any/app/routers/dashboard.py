# Right answer to H: a page without `errors` when none failed, from coroutines that never raise.

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


async def ask(client: httpx.AsyncClient, name: str) -> tuple[str, bool, object]:
    try:
        response = await asyncio.wait_for(client.get(name), settings.upstream_timeout_seconds)
        return name, response.status_code == 200, response.json()
    except Exception:
        return name, False, None


@router.get("/dashboard")
async def read_dashboard(request: Request):
    asked = await asyncio.gather(*[ask(request.state.services, name) for name in SERVICES])
    page = {name: value if good else None for name, good, value in asked}
    failed = [name for name, good, _ in asked if not good]
    if failed:
        page["errors"] = failed
    return page
