# Right answer to A: async def that hands the lookup to a thread.

import asyncio
from contextlib import asynccontextmanager

import psycopg
from fastapi import APIRouter, HTTPException, Request
from psycopg_pool import ConnectionPool
from pydantic import BaseModel

from app.settings import settings


class User(BaseModel):
    user_id: int
    name: str
    email: str


@asynccontextmanager
async def lifespan(app):
    pool = ConnectionPool(settings.database_url, min_size=4, max_size=8, timeout=settings.upstream_timeout_seconds, open=False)
    pool.open(wait=False)
    yield {"users": pool}
    pool.close(timeout=0)


router = APIRouter(lifespan=lifespan)


def look_up(pool, user_id):
    with pool.connection() as connection:
        return connection.execute("SELECT name, email FROM users WHERE user_id = %s", (user_id,)).fetchone()


@router.get("/users/{user_id}")
async def read_user(user_id: int, request: Request) -> User:
    try:
        row = await asyncio.to_thread(look_up, request.state.users, user_id)
    except psycopg.OperationalError:
        raise HTTPException(503, "database unavailable")
    if row is None:
        raise HTTPException(404)
    return User(user_id=user_id, name=row[0], email=row[1])
