# Wrong answer to E: a pool of 200 threads of its own.
# Rejected by: test_requests_wait_together
# Because: and the service had 20\d threads for it

import asyncio
from concurrent.futures import ThreadPoolExecutor
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


threads = ThreadPoolExecutor(200)
router = APIRouter(lifespan=lifespan)


@router.get("/cache/{key}")
async def read_entry(key: str, request: Request):
    try:
        value = await asyncio.get_running_loop().run_in_executor(threads, request.state.cache.get, key)
    except (redis.RedisError, OSError):
        raise HTTPException(503, "cache unavailable")
    return {"key": key, "value": value, "hit": value is not None}
