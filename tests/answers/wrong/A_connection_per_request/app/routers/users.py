# Wrong answer to A: each lookup opens a connection.
# Rejected by: test_connections_are_reused
# Because: opened 4\d connections

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


@router.get("/users/{user_id}")
def read_user(user_id: int, request: Request) -> User:
    try:
        with psycopg.connect(settings.database_url, connect_timeout=2) as connection:
            row = connection.execute("SELECT name, email FROM users WHERE user_id = %s", (user_id,)).fetchone()
    except psycopg.OperationalError:
        raise HTTPException(503, "database unavailable")
    if row is None:
        raise HTTPException(404)
    return User(user_id=user_id, name=row[0], email=row[1])
