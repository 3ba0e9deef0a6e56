# Wrong answer to H: five threads for all dashboards.
# Rejected by: test_dashboards_do_not_wait_for_each_other
# Because: got 5 at once, and no more.*dashboard\.py:\d+

from concurrent.futures import ThreadPoolExecutor
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
pool = ThreadPoolExecutor(5)


def fetch(client: httpx.Client, name: str):
    response = client.get(f"/{name}")
    response.raise_for_status()
    return response.json()


@router.get("/dashboard")
def read_dashboard(request: Request) -> dict:
    page, errors = {}, []
    calls = {name: pool.submit(fetch, request.state.services, name) for name in SERVICES}
    for name, call in calls.items():
        try:
            page[name] = call.result()
        except Exception:
            page[name] = None
            errors.append(name)
    return {**page, "errors": errors}
