# Right answer to E: the pool is shared, and each request makes a client object around it, which opens nothing; RESP 3, mget.

from contextlib import asynccontextmanager
from typing import Annotated

import redis.asyncio as redis
from fastapi import APIRouter, Depends, HTTPException, Request
from redis.asyncio.retry import Retry
from redis.backoff import ConstantBackoff

from app.settings import settings


@asynccontextmanager
async def lifespan(app):
    limit = settings.upstream_timeout_seconds
    pool = redis.ConnectionPool.from_url(settings.redis_url, protocol=3, max_connections=500, socket_timeout=limit, socket_connect_timeout=limit,
                                         health_check_interval=1, retry=Retry(ConstantBackoff(0.01), 1))
    yield {"pool": pool}
    await pool.disconnect()


router = APIRouter(lifespan=lifespan)


async def client(request: Request):
    async with redis.Redis(connection_pool=request.state.pool) as each:
        yield each


@router.get("/cache/{key}")
async def read_entry(key: str, cache: Annotated[redis.Redis, Depends(client)]):
    try:
        [value] = await cache.mget([key])
    except (redis.RedisError, OSError):
        raise HTTPException(503) from None
    return {"key": key, "value": None if value is None else value.decode(), "hit": value is not None}
