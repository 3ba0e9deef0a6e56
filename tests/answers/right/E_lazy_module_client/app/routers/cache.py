# Right answer to E: the client is a module's, made at the first use and closed with the service; the bytes are decoded by hand.

import asyncio
import functools
from contextlib import asynccontextmanager

from fastapi import APIRouter, HTTPException
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from app.settings import settings


@functools.cache
def client() -> Redis:
    limit = settings.upstream_timeout_seconds
    return Redis(connection_pool=BlockingConnectionPool.from_url(
        settings.redis_url, max_connections=256, timeout=limit, socket_timeout=limit, socket_connect_timeout=limit, retry=Retry(NoBackoff(), 0),
        health_check_interval=30,
    ))


@asynccontextmanager
async def lifespan(app):
    try:
        yield
    finally:
        if client.cache_info().currsize:
            await client().aclose(close_connection_pool=True)
            client.cache_clear()


router = APIRouter(lifespan=lifespan)


@router.get("/cache/{key}")
async def read_entry(key: str):
    try:
        found = await asyncio.create_task(client().execute_command("GET", key.encode()))
    except RedisError:
        raise HTTPException(503, "not now", headers={"retry-after": "1"}) from None
    return {"key": key, "value": found if found is None else str(found, "utf-8"), "hit": found is not None}
