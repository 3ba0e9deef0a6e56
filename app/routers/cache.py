"""GET /cache/{key}: a value from the cache, if it is there."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel


class Entry(BaseModel):
    """What the cache knows of a key; ``value`` is null when ``hit`` is false."""

    key: str
    value: str | None
    hit: bool


@asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[dict[str, Any]]:
    """Opens one client with the service, and closes it with it; it is ``request.state.cache``."""
    # TODO E: there is no client yet.
    # Goal: one client whose pool of connections all requests share.
    # Tool: redis.asyncio.Redis.from_url and .aclose(); what comes back is bytes unless you say otherwise.
    yield {"cache": None}


router = APIRouter(lifespan=lifespan)


@router.get("/cache/{key}")
async def read_entry(key: str, request: Request) -> Entry:
    """What is cached for ``key``; 503 when the cache can't be asked."""
    # TODO E: the cache isn't asked yet.
    # Goal: 200 requests wait for it together, without a thread for each.
    # Tool: await the client; see redis.exceptions for what it raises.
    raise NotImplementedError("E: /cache asks no cache yet")
