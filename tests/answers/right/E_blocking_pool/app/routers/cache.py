# Right answer to E: a pool that lets the next one wait, large enough; made when it is first needed.

from functools import lru_cache

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel
from redis import asyncio as aioredis

from app.settings import settings

router = APIRouter()


class Cached(BaseModel):
    key: str
    value: str | None = None
    hit: bool = False


@lru_cache
def connect():
    pool = aioredis.BlockingConnectionPool.from_url(
        settings.redis_url, max_connections=256, timeout=settings.upstream_timeout_seconds, decode_responses=True,
        socket_timeout=settings.upstream_timeout_seconds, socket_connect_timeout=1)
    return aioredis.Redis.from_pool(pool)


@router.get("/cache/{key}", response_model=Cached)
async def read_entry(key: str):
    try:
        (value,) = await connect().mget(key)
    except aioredis.RedisError:
        raise HTTPException(503)
    return Cached(key=key) if value is None else Cached(key=key, value=value, hit=True)
