# Right answer to E: a connection is borrowed from the pool by hand, and given back whatever happens.

import asyncio
from contextlib import asynccontextmanager

import redis.asyncio as redis
from fastapi import APIRouter, HTTPException, Request
from redis.exceptions import RedisError

from app.settings import settings


@asynccontextmanager
async def lifespan(app):
    pool = redis.BlockingConnectionPool.from_url(
        settings.redis_url, decode_responses=True, max_connections=200, timeout=settings.upstream_timeout_seconds, socket_timeout=None,
        socket_connect_timeout=settings.upstream_timeout_seconds,
    )
    yield {"pool": pool}
    await pool.aclose()


@asynccontextmanager
async def lent(pool):
    connection = await pool.get_connection()
    try:
        yield connection
    except BaseException:
        await connection.disconnect()
        raise
    finally:
        await pool.release(connection)


router = APIRouter(lifespan=lifespan)


@router.get("/cache/{key}")
async def read_entry(key: str, request: Request):
    try:
        async with asyncio.timeout(settings.upstream_timeout_seconds), lent(request.state.pool) as connection:
            await connection.send_command("GET", key)
            value = await connection.read_response()
    except (RedisError, OSError):
        raise HTTPException(503, "no cache")
    return {"key": key, "value": value, "hit": value is not None}
