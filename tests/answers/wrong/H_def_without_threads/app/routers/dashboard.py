# Wrong answer to H: a def endpoint that asks one after the other.
# Rejected by: test_the_five_calls_are_in_flight_together
# Because: sent call 2 .* only after call 1 .* had been answered.*dashboard\.py:\d+

from contextlib import asynccontextmanager

import httpx
from fastapi import APIRouter, Request

from app.settings import settings

SERVICES = ["service_1", "service_2", "service_3", "service_4", "service_5"]


@asynccontextmanager
async def lifespan(app):
    with httpx.Client(base_url=settings.services_url, timeout=settings.upstream_timeout_seconds) as client:
        yield {"services": client}


router = APIRouter(lifespan=lifespan)


def fetch(client: httpx.Client, name: str):
    response = client.get(f"/{name}")
    response.raise_for_status()
    return response.json()


@router.get("/dashboard")
def read_dashboard(request: Request) -> dict:
    page, errors = {}, []
    for name in SERVICES:
        try:
            page[name] = fetch(request.state.services, name)
        except (httpx.HTTPError, ValueError):
            page[name] = None
            errors.append(name)
    return {**page, "errors": errors}
