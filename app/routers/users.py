"""GET /users/{user_id}: a row of the table ``users``, read with a blocking driver."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel


class User(BaseModel):
    """A row of ``users(user_id integer, name text, email text)``."""

    user_id: int
    name: str
    email: str


@asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[dict[str, Any]]:
    """Opens a pool of connections with the service, and closes it with it; it is ``request.state.users``."""
    # TODO A: each lookup that opens a connection of its own pays more for that than for the query.
    # Goal: one pool for the whole service, which starts even while the database is down.
    # Tool: psycopg_pool.ConnectionPool, open=False, then .open(wait=False) and .close().
    yield {"users": None}


router = APIRouter(lifespan=lifespan)


@router.get("/users/{user_id}")
async def read_user(user_id: int, request: Request) -> User:
    """The user with this id; 404 when there is none, 503 when the database can't be asked."""
    # TODO A: there is no lookup yet.
    # Goal: lookups wait together, and the event loop is free meanwhile.
    # Tool: psycopg's calls block. Which word in front of `def` decides on which thread they do?
    raise NotImplementedError("A: /users/{user_id} looks nothing up yet")
