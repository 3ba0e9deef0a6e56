# Right answer to A: psycopg's pipeline mode, a pool made by a cached function, anyio's threads.

from functools import lru_cache

import psycopg
from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Depends, HTTPException
from psycopg_pool import ConnectionPool

from app.settings import settings

router = APIRouter()


@lru_cache(maxsize=1)
def get_pool():
    pool = ConnectionPool(settings.database_url, min_size=1, max_size=12, timeout=settings.upstream_timeout_seconds, open=False)
    pool.open()
    return pool


@lru_cache(maxsize=1)
def limiter():
    return CapacityLimiter(12)


def find(pool, user_id):
    with pool.connection() as connection, connection.pipeline():
        return connection.execute("SELECT json_build_object('user_id', user_id, 'name', name, 'email', email) FROM users WHERE user_id = %s", [user_id]).fetchone()


@router.get("/users/{user_id}")
async def read_user(user_id: int, pool=Depends(get_pool)):
    try:
        row = await to_thread.run_sync(find, pool, user_id, limiter=limiter(), abandon_on_cancel=False)
    except psycopg.OperationalError:
        raise HTTPException(503, "unavailable") from None
    if not row:
        raise HTTPException(404, "unknown user")
    return row[0]
