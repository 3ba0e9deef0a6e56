# Wrong answer to A: of a large pool, a lookup that is given up never gives its connection back.
# Rejected by: test_connections_come_back_after_lookups_that_were_too_slow
# Because: has to give its connection back

"""GET /users/{user_id}: a row of the table ``users``, read with a blocking driver."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from fastapi import APIRouter, HTTPException, Request
from psycopg_pool import AsyncConnectionPool
from pydantic import BaseModel

from app.settings import settings


class User(BaseModel):
    """A row of ``users(user_id integer, name text, email text)``."""

    user_id: int
    name: str
    email: str


@asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[dict[str, Any]]:
    """Opens a pool of connections with the service, and closes it with it; it is ``request.state.users``."""
    # Opening a connection costs more than the query does, and a server accepts only so many.
    # The pool lends one to each lookup; who comes when all are lent waits `timeout` at most.
    pool = AsyncConnectionPool(
        settings.database_url, min_size=4, max_size=50, timeout=settings.upstream_timeout_seconds, open=False,
        kwargs={"connect_timeout": 2},
    )
    # Not waited for: a service that can't start while its database restarts makes one outage of two.
    await pool.open(wait=False)
    try:
        yield {"users": pool}
    finally:
        await pool.close()  # it waits for its threads, which the loop must not


router = APIRouter(lifespan=lifespan)


@router.get("/users/{user_id}")
async def read_user(user_id: int, request: Request) -> User:
    """The user with this id; 404 when there is none, 503 when the database can't be asked."""
    try:
        async with asyncio.timeout(settings.upstream_timeout_seconds):
            pool = request.state.users
            connection = await pool.getconn()
            try:
                cursor = await connection.execute("select user_id, name, email from users where user_id = %s", (user_id,))
                row = await cursor.fetchone()
            except Exception:
                await pool.putconn(connection)
                raise
            await pool.putconn(connection)
    except (psycopg.OperationalError, TimeoutError) as error:  # the pool's time limit is one of them
        raise HTTPException(503, "the database can't be reached") from error
    if row is None:
        raise HTTPException(404, f"there is no user {user_id}")
    return User(user_id=row[0], name=row[1], email=row[2])
