# Wrong answer to E: an empty text counts as a miss.
# Rejected by: test_a_value_is_found
# Because: the cache holds ''

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


router = APIRouter(lifespan=lifespan)


@router.get("/cache/{key}")
async def read_entry(key: str, request: Request):
    try:
        value = await request.state.cache.get(key)
    except (redis.RedisError, OSError):
        raise HTTPException(503, "cache unavailable")
    return {"key": key, "value": value, "hit": bool(value)}
