# Wrong answer to A: one connection for everybody.
# Rejected by: test_lookups_wait_together
# Because: got 1 query, and the next only after that had been answered

from contextlib import asynccontextmanager

import psycopg
from fastapi import APIRouter, HTTPException, Request
from pydantic import BaseModel

from app.settings import settings


class User(BaseModel):
    user_id: int
    name: str
    email: str


@asynccontextmanager
async def lifespan(app):
    with psycopg.connect(settings.database_url, autocommit=True) as connection:
        yield {"users": connection}


router = APIRouter(lifespan=lifespan)


@router.get("/users/{user_id}")
def read_user(user_id: int, request: Request) -> User:
    try:
        row = request.state.users.execute("SELECT name, email FROM users WHERE user_id = %s", (user_id,)).fetchone()
    except psycopg.OperationalError:
        raise HTTPException(503, "database unavailable")
    if row is None:
        raise HTTPException(404)
    return User(user_id=user_id, name=row[0], email=row[1])
