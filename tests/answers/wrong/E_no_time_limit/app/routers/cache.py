# Wrong answer to E: it waits for the cache for ever.
# Rejected by: test_a_cache_that_does_not_answer_is_a_503
# Because: after 4.5 s there was none

from contextlib import asynccontextmanager

import redis.asyncio as redis
from fastapi import APIRouter, HTTPException, Request

from app.settings import settings


@asynccontextmanager
async def lifespan(app):
    pool = redis.ConnectionPool.from_url(
        settings.redis_url, max_connections=300, decode_responses=True, socket_timeout=None)
    yield {"cache": redis.Redis(connection_pool=pool)}
    await pool.aclose()


router = APIRouter(lifespan=lifespan)


@router.get("/cache/{key}")
async def read_entry(key: str, request: Request):
    try:
        value = await request.state.cache.get(key)
    except (redis.RedisError, OSError):
        raise HTTPException(503, "cache unavailable")
    return {"key": key, "value": value, "hit": value is not None}
