# Right answer to E: a client of lru_cache's, lent by a dependency with yield that turns failures into 503.

import functools

import anyio
from fastapi import APIRouter, Depends, HTTPException
from redis import asyncio as aioredis
from redis import exceptions

from app.settings import settings

router = APIRouter()


@functools.lru_cache
def client():
    return aioredis.Redis(connection_pool=aioredis.ConnectionPool.from_url(settings.redis_url, max_connections=2**16, decode_responses=True))


async def cache():
    try:
        with anyio.fail_after(settings.upstream_timeout_seconds):
            yield client()
    except (exceptions.ConnectionError, exceptions.TimeoutError, TimeoutError):
        raise HTTPException(503, "cache unavailable")


@router.get("/cache/{key}")
async def read_entry(key: str, cache=Depends(cache)):
    value = await cache.execute_command("GET", key)
    return dict(key=key, value=value, hit=value is not None)
