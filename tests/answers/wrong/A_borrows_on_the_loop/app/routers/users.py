# Wrong answer to A: the lookup is on a thread, and the connection is borrowed on the loop, from a pool that is large.
# Rejected by: test_who_waits_for_a_connection_holds_nobody_up
# Because: \d+ lookups were sent.*app/routers/users\.py:\d+ .*state\.users\.connection

"""GET /users/{user_id}: a row of the table ``users``, read with a blocking driver."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from anyio.to_thread import run_sync
from fastapi import APIRouter, HTTPException, Request
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
        settings.database_url, min_size=4, max_size=64, timeout=settings.upstream_timeout_seconds, open=False,
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
@router.get("/users/{user_id}")
async def read_user(user_id: int, request: Request) -> User:
    """The user with this id; 404 when there is none, 503 when the database can't be asked."""
    try:
        # `with` gives the connection back however the block ends, and a broken one is replaced.
        with request.state.users.connection() as connection:
            # The driver sends query and value apart, so no value can become part of the query.
            row = await run_sync(lambda: connection.execute("select user_id, name, email from users where user_id = %s", (user_id,)).fetchone())
    except psycopg.OperationalError as error:  # the pool's time limit is one of them
        raise HTTPException(503, "the database can't be reached") from error
    if row is None:
        raise HTTPException(404, f"there is no user {user_id}")
    return User(user_id=row[0], name=row[1], email=row[2])
