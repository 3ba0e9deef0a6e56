# Right answer to A: a server-side cursor, on threads of an executor of its own.

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial

import psycopg
from fastapi import APIRouter, HTTPException
from psycopg_pool import ConnectionPool

from app.settings import settings


class Users:
    def __init__(self):
        self.threads = ThreadPoolExecutor(8, thread_name_prefix="users")
        self.pool = ConnectionPool(settings.database_url, min_size=2, max_size=8, timeout=settings.upstream_timeout_seconds, open=False)

    def find(self, user_id):
        with self.pool.connection() as connection, connection.cursor(name="lookup") as cursor:
            cursor.execute("SELECT name, email FROM users WHERE user_id = %s", (user_id,))
            return next(iter(cursor), None)

    async def get(self, user_id):
        return await asyncio.get_running_loop().run_in_executor(self.threads, partial(self.find, user_id))


users: Users


@asynccontextmanager
async def lifespan(app):
    global users
    users = Users()
    users.pool.open()
    yield
    await asyncio.to_thread(users.pool.close)
    users.threads.shutdown()


router = APIRouter(lifespan=lifespan)


@router.get("/users/{user_id}")
async def read_user(user_id: int):
    try:
        match await users.get(user_id):
            case None:
                raise HTTPException(404, "nobody")
            case (name, email):
                return {"user_id": user_id, "name": name, "email": email}
    except psycopg.OperationalError as error:
        raise HTTPException(503, "database") from error
