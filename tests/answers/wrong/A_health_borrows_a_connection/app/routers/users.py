# Wrong answer to A: /health asks the database as well, by a connection of the pool that all lookups wait for; a crowd of them gets a 503.
# Rejected by: test_who_waits_for_a_connection_holds_nobody_up
# Because: /health did not answer

import asyncio
from contextlib import asynccontextmanager

import psycopg
from fastapi import APIRouter, HTTPException, Request
from psycopg_pool import AsyncConnectionPool

from app.settings import settings

MOST = 40
waiting = 0


@asynccontextmanager
async def lifespan(app):
    pool = AsyncConnectionPool(settings.database_url, min_size=6, max_size=6, open=False, kwargs={"connect_timeout": 2})
    await pool.open(wait=False)
    yield {"pool": pool}
    await pool.close()


router = APIRouter(lifespan=lifespan)


@router.get("/health")
async def health(request: Request):
    async with request.state.pool.connection() as connection:
        await connection.execute("select 1")
    return {"status": "healthy"}


@router.get("/users/{user_id}")
async def read_user(user_id: int, request: Request):
    global waiting
    if waiting >= MOST:
        raise HTTPException(503, "too many lookups")
    waiting += 1
    try:
        async with asyncio.timeout(settings.upstream_timeout_seconds), request.state.pool.connection() as connection:
            cursor = await connection.execute("select user_id, name, email from users where user_id = %s", [user_id])
            row = await cursor.fetchone()
    except (TimeoutError, psycopg.OperationalError):
        raise HTTPException(503) from None
    finally:
        waiting -= 1
    if row is None:
        raise HTTPException(404)
    return dict(zip(("user_id", "name", "email"), row, strict=True))
