# Wrong answer to A: an async dependency takes the connection from the blocking pool, on the loop.
# Rejected by: test_who_waits_for_a_connection_holds_nobody_up
# Because: /health did not answer.*app/routers/users\.py:\d+ .*state\.pool\.connection\(\)

from contextlib import asynccontextmanager

import psycopg
from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, HTTPException, Request
from psycopg_pool import ConnectionPool

from app.settings import settings


@asynccontextmanager
async def lifespan(app):
    pool = ConnectionPool(settings.database_url, min_size=4, max_size=8, timeout=settings.upstream_timeout_seconds, open=False)
    pool.open(wait=False)
    yield {"pool": pool}
    await run_sync(pool.close)


router = APIRouter(lifespan=lifespan)


async def get_db(request: Request):
    try:
        with request.state.pool.connection() as connection:
            yield connection
    except psycopg.OperationalError:
        raise HTTPException(503, "no database")


@router.get("/users/{user_id}")
def read_user(user_id: int, db: psycopg.Connection = Depends(get_db)):
    row = db.execute("SELECT user_id, name, email FROM users WHERE user_id = %s", (user_id,)).fetchone()
    if row is None:
        raise HTTPException(404, "unknown")
    return {"user_id": row[0], "name": row[1], "email": row[2]}
