# Right answer to A: a pool made when it is first needed, lent by a dependency with yield.

import functools

import psycopg
from fastapi import APIRouter, Depends, HTTPException
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool, PoolTimeout

from app.settings import settings

router = APIRouter()


@functools.cache
def pool() -> ConnectionPool:
    return ConnectionPool(settings.database_url, min_size=5, timeout=settings.upstream_timeout_seconds, open=True, kwargs={"row_factory": dict_row})


def connection():
    try:
        with pool().connection() as lent:
            yield lent
    except (psycopg.OperationalError, PoolTimeout):
        raise HTTPException(status_code=503, detail="no database")


@router.get("/users/{user_id}")
def read_user(user_id: int, connection: psycopg.Connection = Depends(connection)) -> dict:
    with connection.cursor() as cursor:
        cursor.execute("select user_id, name, email from users where user_id = %s limit 1", [user_id])
        user = cursor.fetchone()
    if not user:
        raise HTTPException(status_code=404, detail="unknown user")
    return user
