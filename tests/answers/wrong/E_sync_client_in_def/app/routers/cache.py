# Wrong answer to E: a thread for each lookup.
# Rejected by: test_requests_wait_together
# Because: got 40 at once, and no more.*pool of threads has 40

from contextlib import asynccontextmanager

import redis
from fastapi import APIRouter, HTTPException, Request

from app.settings import settings


@asynccontextmanager
async def lifespan(app):
    pool = redis.ConnectionPool.from_url(
        settings.redis_url, max_connections=300, decode_responses=True,
        socket_timeout=settings.upstream_timeout_seconds, socket_connect_timeout=settings.upstream_timeout_seconds)
    yield {"cache": redis.Redis(connection_pool=pool)}
    pool.disconnect()


router = APIRouter(lifespan=lifespan)


@router.get("/cache/{key}")
def read_entry(key: str, request: Request):
    try:
        value = request.state.cache.get(key)
    except (redis.RedisError, OSError):
        raise HTTPException(503, "cache unavailable")
    return {"key": key, "value": value, "hit": value is not None}
