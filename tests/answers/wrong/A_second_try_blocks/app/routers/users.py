# Wrong answer to A: async, but when a connection has broken it asks once more by a plain connection, on the loop.
# Rejected by: test_connections_come_back_after_an_error
# Because: asked once more.*app/routers/users\.py:3\d

from contextlib import asynccontextmanager

import psycopg
from fastapi import APIRouter, HTTPException, Request
from psycopg_pool import AsyncConnectionPool

from app.settings import settings

QUERY = "SELECT user_id, name, email FROM users WHERE user_id = %s"


@asynccontextmanager
async def lifespan(app):
    pool = AsyncConnectionPool(settings.database_url, min_size=4, max_size=16, timeout=settings.upstream_timeout_seconds, open=False)
    await pool.open(wait=False)
    yield {"users": pool}
    await pool.close()


router = APIRouter(lifespan=lifespan)


@router.get("/users/{user_id}")
async def read_user(user_id: int, request: Request):
    try:
        try:
            async with request.state.users.connection() as connection:
                row = await (await connection.execute(QUERY, (user_id,))).fetchone()
        except psycopg.OperationalError:
            with psycopg.connect(settings.database_url, connect_timeout=2) as connection:
                row = connection.execute(QUERY, (user_id,)).fetchone()
    except psycopg.OperationalError as error:
        raise HTTPException(503, "no database") from error
    if row is None:
        raise HTTPException(404, "unknown")
    return dict(zip(("user_id", "name", "email"), row))
