# Wrong answer to H: httpx.get in threads: a client for each call.
# Rejected by: test_connections_are_reused
# Because: connections

from concurrent.futures import ThreadPoolExecutor

import httpx
from fastapi import APIRouter

from app.settings import settings

SERVICES = ["service_1", "service_2", "service_3", "service_4", "service_5"]
router = APIRouter()


def fetch(name: str):
    response = httpx.get(f"{settings.services_url}/{name}", timeout=settings.upstream_timeout_seconds)
    response.raise_for_status()
    return response.json()


@router.get("/dashboard")
def read_dashboard() -> dict:
    page, errors = {}, []
    with ThreadPoolExecutor(5) as pool:
        for name, call in [(name, pool.submit(fetch, name)) for name in SERVICES]:
            try:
                page[name] = call.result()
            except Exception:
                page[name] = None
                errors.append(name)
    return {**page, "errors": errors}
