# Right answer to A: an executor of six threads, each of which keeps a connection of its own; the executor is the pool.

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

import psycopg
from fastapi import APIRouter, HTTPException, Request
from psycopg.rows import dict_row

from app.settings import settings

mine = threading.local()


def look_up(user_id):
    connection = getattr(mine, "connection", None)
    try:
        if connection is None or connection.closed:
            mine.connection = connection = psycopg.connect(settings.database_url, autocommit=True, row_factory=dict_row, connect_timeout=2)
        return connection.execute("select user_id, name, email from users where user_id = %(id)s", {"id": user_id}).fetchone()
    except psycopg.OperationalError:
        if connection is not None:
            connection.close()
        raise


@asynccontextmanager
async def lifespan(app):
    with ThreadPoolExecutor(6) as pool:
        yield {"pool": pool}


router = APIRouter(lifespan=lifespan)


@router.get("/users/{user_id}")
async def read_user(user_id: int, request: Request):
    try:
        row = await asyncio.get_running_loop().run_in_executor(request.state.pool, look_up, user_id)
    except psycopg.OperationalError as error:
        raise HTTPException(503) from error
    if not row:
        raise HTTPException(404)
    return row
