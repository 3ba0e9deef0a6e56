# Wrong answer to A: a def dependency lends the connection, and an async def asks it.
# Rejected by: test_lookups_wait_together
# Because: The event loop stood at app/routers/users\.py:\d+ .*connection\.execute

"""GET /users/{user_id}: a row of the table ``users``, read with a blocking driver."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, HTTPException, Request
from psycopg_pool import ConnectionPool
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
    pool = ConnectionPool(
        settings.database_url, min_size=4, max_size=16, timeout=settings.upstream_timeout_seconds, open=False,
        kwargs={"connect_timeout": 2},
    )
    # Not waited for: a service that can't start while its database restarts makes one outage of two.
    pool.open(wait=False)
    try:
        yield {"users": pool}
    finally:
        await run_sync(pool.close)  # it waits for its threads, which the loop must not


router = APIRouter(lifespan=lifespan)


# A plain `def`: psycopg's calls block, so they belong on a thread of the pool. `async def` around
# the same lines would hold the event loop for as long as the database takes.
def lent(request: Request):
    try:
        with request.state.users.connection() as connection:
            yield connection
    except psycopg.OperationalError as error:
        raise HTTPException(503, "the database can't be reached") from error


@router.get("/users/{user_id}")
async def read_user(user_id: int, request: Request, connection: psycopg.Connection = Depends(lent)) -> User:
    """The user with this id; 404 when there is none, 503 when the database can't be asked."""
    row = connection.execute("select user_id, name, email from users where user_id = %s", (user_id,)).fetchone()
    if row is None:
        raise HTTPException(404, f"there is no user {user_id}")
    return User(user_id=row[0], name=row[1], email=row[2])
