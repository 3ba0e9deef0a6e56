# Wrong answer to A: a connection that found nothing is kept.
# Rejected by: test_connections_come_back_after_a_404
# Because: After \d+ lookups that found nothing
# Because: none left

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
    pool = ConnectionPool(settings.database_url, min_size=4, max_size=20, timeout=settings.upstream_timeout_seconds, open=False)
    pool.open(wait=False)
    yield {"users": pool}
    pool.close(timeout=0)


router = APIRouter(lifespan=lifespan)


@router.get("/users/{user_id}")
def read_user(user_id: int, request: Request) -> User:
    pool = request.state.users
    try:
        connection = pool.getconn()
        row = connection.execute("select name, email from users where user_id = %s", (user_id,)).fetchone()
    except psycopg.OperationalError:
        raise HTTPException(503)
    if row is None:
        raise HTTPException(404)
    pool.putconn(connection)
    return User(user_id=user_id, name=row[0], email=row[1])
