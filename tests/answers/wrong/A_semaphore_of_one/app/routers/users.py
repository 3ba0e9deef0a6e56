# Wrong answer to A: an async pool behind a semaphore of one.
# Rejected by: test_lookups_wait_together
# Because: got 1 query, and the next only after that had been answered

import asyncio
from contextlib import asynccontextmanager

import psycopg
from fastapi import APIRouter, HTTPException, Request
from psycopg_pool import AsyncConnectionPool
from pydantic import BaseModel

from app.settings import settings

one_at_a_time = asyncio.Semaphore(1)


class User(BaseModel):
    user_id: int
    name: str
    email: str


@asynccontextmanager
async def lifespan(app):
    async with AsyncConnectionPool(settings.database_url, timeout=settings.upstream_timeout_seconds, open=False) as pool:
        yield {"users": pool}


router = APIRouter(lifespan=lifespan)


@router.get("/users/{user_id}")
async def read_user(user_id: int, request: Request) -> User:
    try:
        async with one_at_a_time, request.state.users.connection() as connection:
            cursor = await connection.execute("select name, email from users where user_id = %s", (user_id,))
            row = await cursor.fetchone()
    except psycopg.OperationalError:
        raise HTTPException(503)
    if row is None:
        raise HTTPException(404)
    return User(user_id=user_id, name=row[0], email=row[1])
