# Wrong answer to E: whoever looks a value up takes it out of the cache.
# Rejected by: test_a_value_is_found
# Because: A lookup leaves the cache as it is

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import redis.asyncio as redis
from fastapi import APIRouter, HTTPException, Request
from pydantic import BaseModel
from redis.exceptions import RedisError

from app.settings import settings


class Entry(BaseModel):
    """What the cache knows of a key; ``value`` is null when ``hit`` is false."""

    key: str
    value: str | None
    hit: bool


@asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[dict[str, Any]]:
    """Opens one client with the service, and closes it with it; it is ``request.state.cache``."""
    # The client lends the connections of its pool. It connects with the first command, so the
    # service starts without the cache, which is what a cache is: something one can do without.
    client = redis.Redis.from_url(
        settings.redis_url,
        decode_responses=True,
        # 100 by default: the next lookup would not wait, it would fail.
        max_connections=1000,
        socket_timeout=settings.upstream_timeout_seconds,
        socket_connect_timeout=settings.upstream_timeout_seconds,
    )
    try:
        yield {"cache": client}
    finally:
        await client.aclose()


router = APIRouter(lifespan=lifespan)


@router.get("/cache/{key}")
async def read_entry(key: str, request: Request) -> Entry:
    """What is cached for ``key``; 503 when the cache can't be asked."""
    try:
        value = await request.state.cache.getdel(key)
    except (RedisError, OSError) as error:
        raise HTTPException(503, "the cache can't be reached") from error
    # None is what a miss looks like; an empty text is a value like any other.
    return Entry(key=key, value=value, hit=value is not None)
