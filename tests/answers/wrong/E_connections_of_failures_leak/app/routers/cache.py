# Wrong answer to E: a connection is borrowed by hand, and given back only when the lookup went well.
# Rejected by: test_lookups_whose_connections_break
# Because: More than 200 lookups have failed

import asyncio
from contextlib import asynccontextmanager

import redis.asyncio as redis
from fastapi import APIRouter, HTTPException, Request
from redis.exceptions import RedisError

from app.settings import settings


@asynccontextmanager
async def lifespan(app):
    pool = redis.BlockingConnectionPool.from_url(
        settings.redis_url, decode_responses=True, max_connections=200, timeout=settings.upstream_timeout_seconds,
        socket_timeout=settings.upstream_timeout_seconds, socket_connect_timeout=settings.upstream_timeout_seconds,
    )
    yield {"pool": pool}
    await pool.aclose()


router = APIRouter(lifespan=lifespan)


@router.get("/cache/{key}")
async def read_entry(key: str, request: Request):
    try:
        connection = await request.state.pool.get_connection()
        await connection.send_command("GET", key)
        value = await connection.read_response()
        await request.state.pool.release(connection)
    except (RedisError, OSError):
        raise HTTPException(503, "no cache")
    return {"key": key, "value": value, "hit": value is not None}
