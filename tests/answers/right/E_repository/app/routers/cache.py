# Right answer to E: a class of its own, ping at the start that may fail, wait_for.
import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass

from fastapi import APIRouter, HTTPException, Request
from redis.asyncio import BlockingConnectionPool, Redis
from redis.exceptions import RedisError

from app.settings import settings


@dataclass
class Cache:
    redis: Redis

    async def lookup(self, key: str) -> dict:
        raw: bytes | None = await asyncio.wait_for(self.redis.get(key.encode()), timeout=settings.upstream_timeout_seconds)
        return {"key": key, "value": raw.decode() if raw is not None else None, "hit": raw is not None}


@asynccontextmanager
async def lifespan(app):
    redis = Redis(connection_pool=BlockingConnectionPool.from_url(settings.redis_url, max_connections=300, timeout=1))
    try:
        await asyncio.wait_for(redis.ping(), 1)
    except Exception as error:
        print("cache isn't there yet:", error)
    yield {"cache": Cache(redis)}
    await redis.aclose(close_connection_pool=True)


router = APIRouter(lifespan=lifespan)


@router.get("/cache/{key}")
async def read_entry(key: str, request: Request):
    try:
        return await request.state.cache.lookup(key)
    except (RedisError, TimeoutError, OSError) as error:
        raise HTTPException(503, f"cache: {error!r}")
