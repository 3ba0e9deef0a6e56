# Wrong answer to E: nobody handles a dead cache.
# Rejected by: test_a_cache_that_is_down_is_a_503
# Because: answered 500, expected 503.*ConnectionError

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
    value = await request.state.cache.get(key)
    return {"key": key, "value": value, "hit": value is not None}
