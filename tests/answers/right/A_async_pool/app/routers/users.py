# Right answer to A: psycopg's async connections, on the loop.

from contextlib import asynccontextmanager

import psycopg
from fastapi import APIRouter, HTTPException, Request
from psycopg.rows import class_row
from psycopg_pool import AsyncConnectionPool
from pydantic import BaseModel

from app.settings import settings


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
        async with request.state.users.connection() as connection, connection.cursor(row_factory=class_row(User)) as cursor:
            await cursor.execute("SELECT user_id, name, email FROM users WHERE user_id = %(id)s", {"id": user_id})
            user = await cursor.fetchone()
    except psycopg.OperationalError as error:
        raise HTTPException(503, str(error)) from error
    if user is None:
        raise HTTPException(404)
    return user
