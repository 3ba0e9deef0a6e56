# Wrong answer to H: results are named in the order of their coming.
# Rejected by: test_the_five_answers or test_each_dashboard_asks_anew or test_whatever_is_json_is_passed_through or test_answers_find_their_names
# Because: The answer of service_\d stands under service_\d

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
    try:
        response = await client.get(f"/{name}")
        response.raise_for_status()
        return response.json()
    except (httpx.HTTPError, ValueError) as error:
        return error


@router.get("/dashboard")
async def read_dashboard(request: Request) -> dict:
    calls = asyncio.as_completed([fetch(request.state.services, name) for name in SERVICES])
    results = [await call for call in calls]
    page, errors = {}, []
    for name, result in zip(SERVICES, results):
        if isinstance(result, BaseException):
            errors.append(name)
            page[name] = None
        else:
            page[name] = result
    return {**page, "errors": errors}
