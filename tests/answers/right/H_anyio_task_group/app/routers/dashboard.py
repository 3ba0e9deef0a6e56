# Right answer to H: anyio's task group fills a dictionary; its move_on_after is the time limit.

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import anyio
import httpx
from fastapi import APIRouter, Depends

from app.settings import settings

SERVICES = [f"service_{number}" for number in range(1, 6)]
_client: httpx.AsyncClient | None = None


@asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[None]:
    global _client
    async with httpx.AsyncClient(base_url=settings.services_url, timeout=None) as _client:
        yield


router = APIRouter(lifespan=lifespan)


def client() -> httpx.AsyncClient:
    assert _client is not None
    return _client


@router.get("/dashboard")
async def read_dashboard(client: Annotated[httpx.AsyncClient, Depends(client)]) -> dict[str, Any]:
    good: dict[str, Any] = {}

    async def ask(name: str) -> None:
        with anyio.move_on_after(settings.upstream_timeout_seconds):
            try:
                good[name] = (await client.get(name)).raise_for_status().json()
            except (httpx.HTTPError, ValueError):
                pass

    async with anyio.create_task_group() as group:
        for name in SERVICES:
            group.start_soon(ask, name)
    return {name: good.get(name) for name in SERVICES} | {"errors": sorted(set(SERVICES) - set(good))}
