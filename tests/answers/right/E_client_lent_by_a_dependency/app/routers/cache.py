# Right answer to E: an async generator dependency lends each request a client of one connection of the shared pool.

import asyncio
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request
from redis.asyncio import Connection, ConnectionPool, Redis
from redis.exceptions import RedisError

from app.settings import settings


@asynccontextmanager
async def lifespan(app):
    pool = ConnectionPool.from_url(settings.redis_url, connection_class=Connection, protocol=3, encoding="utf-8", decode_responses=True,
                                   max_connections=2**31)
    try:
        yield {"pool": pool}
    finally:
        await pool.disconnect()


async def lent(request: Request):
    client = Redis(connection_pool=request.state.pool)
    yield client
    await client.aclose(close_connection_pool=False)


router = APIRouter(lifespan=lifespan)


@router.get("/cache/{key:path}")
async def read_entry(key: str, client: Annotated[Redis, Depends(lent)]):
    try:
        [value] = await asyncio.wait_for(client.mget(key), settings.upstream_timeout_seconds)
    except (RedisError, TimeoutError) as error:
        raise HTTPException(status_code=503, detail=type(error).__name__) from error
    return {"key": key, "value": value, "hit": value is not None}
