# Wrong answer to E: each request makes a client.
# Rejected by: test_connections_are_reused
# Because: opened 4\d connections

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
        async with redis.Redis.from_url(settings.redis_url, decode_responses=True, socket_timeout=settings.upstream_timeout_seconds,
                                        socket_connect_timeout=settings.upstream_timeout_seconds) as client:
            value = await client.get(key)
    except (redis.RedisError, OSError):
        raise HTTPException(503, "cache unavailable")
    return {"key": key, "value": value, "hit": value is not None}
