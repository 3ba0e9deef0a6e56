# Right answer to A: a lookup whose connection breaks is tried once more.
from contextlib import asynccontextmanager

import psycopg
from fastapi import APIRouter, HTTPException, Request
from psycopg_pool import ConnectionPool, PoolTimeout
from pydantic import BaseModel

from app.settings import settings


class User(BaseModel):
    user_id: int
    name: str
    email: str


@asynccontextmanager
async def lifespan(app):
    pool = ConnectionPool(settings.database_url, timeout=settings.upstream_timeout_seconds, open=False)
    pool.open(wait=False)
    yield {"users": pool}
    pool.close()


router = APIRouter(lifespan=lifespan)


def lookup(pool, user_id):
    with pool.connection() as conn:
        return conn.execute("SELECT user_id, name, email FROM users WHERE user_id = %s", (user_id,)).fetchone()


@router.get("/users/{user_id}")
def read_user(user_id: int, request: Request) -> User:
    for attempt in range(2):
        try:
            row = lookup(request.state.users, user_id)
            break
        except PoolTimeout:
            raise HTTPException(503, "database unavailable")
        except psycopg.OperationalError:
            if attempt == 1:
                raise HTTPException(503, "database unavailable")
    if row is None:
        raise HTTPException(404, "no such user")
    return User(user_id=row[0], name=row[1], email=row[2])
