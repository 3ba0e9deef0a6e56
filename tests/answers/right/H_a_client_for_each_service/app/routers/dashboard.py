# Right answer to H: five clients that live as long as the service, a model of the page, a dependency for each call.

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx
from fastapi import APIRouter, Request
from pydantic import BaseModel

from app.settings import settings


class Dashboard(BaseModel):
    service_1: Any = None
    service_2: Any = None
    service_3: Any = None
    service_4: Any = None
    service_5: Any = None
    errors: list[str] = []


NAMES = [name for name in Dashboard.model_fields if name.startswith("service_")]


@asynccontextmanager
async def lifespan(app):
    async with AsyncExitStack() as stack:
        make = lambda: httpx.AsyncClient(timeout=settings.upstream_timeout_seconds)  # noqa: E731
        yield {"clients": {name: await stack.enter_async_context(make()) for name in NAMES}}


router = APIRouter(lifespan=lifespan)


@router.get("/dashboard")
async def read_dashboard(request: Request) -> Dashboard:
    page = Dashboard()

    async def ask(name: str, client: httpx.AsyncClient) -> None:
        response = await client.get(f"{settings.services_url}/{name}")
        response.raise_for_status()
        setattr(page, name, response.json())

    calls = {name: asyncio.ensure_future(ask(name, client)) for name, client in request.state.clients.items()}
    await asyncio.wait(calls.values())
    page.errors = [name for name, call in calls.items() if call.exception()]
    return page
