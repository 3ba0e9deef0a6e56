# Wrong answer to H: json.JSONDecodeError is all that is expected of what is no JSON.
# Rejected by: test_a_failure_is_null_and_named
# Because: nor even UTF-8

"""GET /dashboard: what five services say, on one page."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from fastapi import APIRouter, Request

from app.settings import settings

#: Whom to ask, and under which names their answers are shown.
SERVICES = ("service_1", "service_2", "service_3", "service_4", "service_5")


@asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[dict[str, Any]]:
    """Opens one client with the service, and closes it with it; it is ``request.state.services``."""
    async with httpx.AsyncClient(base_url=settings.services_url) as client:
        yield {"services": client}


router = APIRouter(lifespan=lifespan)


# The services: GET {SERVICES_URL}/service_1, …, /service_5 each answer JSON of any kind.
@router.get("/dashboard")
async def read_dashboard(request: Request) -> dict[str, Any]:
    """What each service answers, ``None`` for one that failed, and the names of the failed ones as ``errors``."""
    # Filled by name, so it doesn't matter who answers first.
    answers: dict[str, Any] = dict.fromkeys(SERVICES)
    errors: list[str] = []

    async def ask(name: str) -> None:
        try:
            # One limit for each call, all of them running at once: five slow services take no longer than one.
            # httpx's own limits are for each step; a service that sends a byte now and then never runs into them.
            async with asyncio.timeout(settings.upstream_timeout_seconds):
                answer = await request.state.services.get(f"/{name}", timeout=None)
            answer.raise_for_status()
            value = answer.json()
            # Can it be passed on? Python's parser takes NaN, halves of characters and any depth; what it takes may be no JSON.
            json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
            answers[name] = value
        except (httpx.HTTPError, TimeoutError, json.JSONDecodeError):
            # Caught in here, a failure stays in here. Seen by the group, it would cancel the four others.
            # Only what a service can do wrong: a mistake of ours shall be a 500 that somebody notices.
            errors.append(name)

    async with asyncio.TaskGroup() as group:
        for name in SERVICES:
            group.create_task(ask(name))
    return {**answers, "errors": sorted(errors)}
