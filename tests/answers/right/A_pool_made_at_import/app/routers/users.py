# Right answer to A: a pool that is made and opened by the import, class_row, a health check before each loan.

from contextlib import closing
from dataclasses import asdict, dataclass

import psycopg
from fastapi import APIRouter, HTTPException
from psycopg.rows import class_row
from psycopg_pool import ConnectionPool

from app.settings import settings


@dataclass(frozen=True)
class User:
    user_id: int
    name: str
    email: str


pool = ConnectionPool(
    settings.database_url, min_size=4, max_size=10, timeout=settings.upstream_timeout_seconds, open=True,
    check=ConnectionPool.check_connection, kwargs={"row_factory": class_row(User), "autocommit": True},
)
router = APIRouter()


@router.get("/users/{user_id}")
def read_user(user_id: int):
    try:
        with pool.connection() as connection, closing(connection.cursor(row_factory=class_row(User))) as cursor:
            cursor.execute("select user_id, name, email from users where user_id = %(id)s", {"id": user_id}, binary=True)
            user = cursor.fetchone()
    except psycopg.errors.OperationalError:
        raise HTTPException(503, "try again")
    if user is None:
        raise HTTPException(404)
    return asdict(user)
