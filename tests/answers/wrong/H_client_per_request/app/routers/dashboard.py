# Wrong answer to H: a client for each dashboard.
# Rejected by: test_connections_are_reused
# Because: connections

import asyncio

import httpx
from fastapi import APIRouter

from app.settings import settings

SERVICES = ["service_1", "service_2", "service_3", "service_4", "service_5"]
router = APIRouter()


async def fetch(client: httpx.AsyncClient, name: str):
    response = await client.get(f"/{name}")
    response.raise_for_status()
    return response.json()


@router.get("/dashboard")
async def read_dashboard() -> dict:
    async with httpx.AsyncClient(base_url=settings.services_url, timeout=settings.upstream_timeout_seconds) as client:
        results = await asyncio.gather(*(fetch(client, name) for name in SERVICES), return_exceptions=True)
    page, errors = {}, []
    for name, result in zip(SERVICES, results):
        if isinstance(result, BaseException):
            errors.append(name)
            page[name] = None
        else:
            page[name] = result
    return {**page, "errors": errors}
