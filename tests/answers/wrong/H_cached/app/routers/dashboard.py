# Wrong answer to H: the first page is kept.
# Rejected by: test_each_dashboard_asks_anew
# Because: For the \w+ dashboard the services got 0 calls

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
pages = {}


async def fetch(client: httpx.AsyncClient, name: str):
    response = await client.get(f"/{name}")
    response.raise_for_status()
    return response.json()


@router.get("/dashboard")
async def read_dashboard(request: Request) -> dict:
    if "page" not in pages:
        client = request.state.services
        results = await asyncio.gather(*(fetch(client, name) for name in SERVICES), return_exceptions=True)
        failed = [name for name, result in zip(SERVICES, results) if isinstance(result, Exception)]
        page = {name: None if name in failed else result for name, result in zip(SERVICES, results)} | {"errors": failed}
        if failed:
            return page
        pages["page"] = page
    return pages["page"]
