# Wrong answer to E: values are kept in the service.
# Rejected by: test_each_request_asks_the_cache
# Because: the answer was still

from contextlib import asynccontextmanager

import redis.asyncio as redis
from fastapi import APIRouter, HTTPException, Request

from app.settings import settings


@asynccontextmanager
async def lifespan(app):
    pool = redis.ConnectionPool.from_url(
        settings.redis_url, max_connections=300, decode_responses=True,
        socket_timeout=settings.upstream_timeout_seconds, socket_connect_timeout=settings.upstream_timeout_seconds)
    yield {"cache": redis.Redis(connection_pool=pool)}
    await pool.aclose()


known = {}
router = APIRouter(lifespan=lifespan)


@router.get("/cache/{key}")
async def read_entry(key: str, request: Request):
    if key in known:
        return known[key]
    try:
        value = await request.state.cache.get(key)
    except (redis.RedisError, OSError):
        raise HTTPException(503, "cache unavailable")
    answer = {"key": key, "value": value, "hit": value is not None}
    if value is not None:
        known[key] = answer
    return answer
