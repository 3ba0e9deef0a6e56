# Wrong answer to H: the pool's threads go on waiting after the time limit.
# Rejected by: test_one_that_is_slow
# Because: still open

import asyncio
from contextlib import asynccontextmanager

import httpx
from fastapi import APIRouter, Request

from app.settings import settings

SERVICES = ["service_1", "service_2", "service_3", "service_4", "service_5"]


@asynccontextmanager
async def lifespan(app):
    with httpx.Client(base_url=settings.services_url, timeout=None) as client:
        yield {"services": client}


router = APIRouter(lifespan=lifespan)


def fetch(client: httpx.Client, name: str):
    response = client.get(f"/{name}")
    response.raise_for_status()
    return response.json()


@router.get("/dashboard")
async def read_dashboard(request: Request) -> dict:
    def ask(name: str):
        return asyncio.wait_for(asyncio.to_thread(fetch, request.state.services, name), settings.upstream_timeout_seconds)

    results = await asyncio.gather(*(ask(name) for name in SERVICES), return_exceptions=True)
    page, errors = {}, []
    for name, result in zip(SERVICES, results):
        if isinstance(result, BaseException):
            errors.append(name)
            page[name] = None
        else:
            page[name] = result
    return {**page, "errors": errors}
