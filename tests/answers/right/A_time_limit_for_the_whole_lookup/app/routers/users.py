# Right answer to A: async connections; one time limit for the whole lookup, and a connection goes back however that ends.

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager

import psycopg
from fastapi import APIRouter, HTTPException, Request
from psycopg_pool import AsyncConnectionPool

from app.settings import settings


@asynccontextmanager
async def lifespan(app):
    async with AsyncExitStack() as stack:
        pool = AsyncConnectionPool(settings.database_url, min_size=2, max_size=8, open=False, kwargs={"connect_timeout": 2})
        stack.push_async_callback(pool.close)
        await pool.open()
        yield {"pool": pool}


router = APIRouter(lifespan=lifespan)


@router.get("/users/{user_id}")
async def read_user(user_id: int, request: Request):
    pool = request.state.pool
    try:
        async with asyncio.timeout(settings.upstream_timeout_seconds):
            connection = await pool.getconn()
            try:
                cursor = await connection.execute("select user_id, name, email from users where user_id = %s", [user_id])
                row = await cursor.fetchone()
            finally:
                await asyncio.shield(pool.putconn(connection))
    except (TimeoutError, psycopg.OperationalError):
        raise HTTPException(503) from None
    match row:
        case None:
            raise HTTPException(404)
        case (number, name, email):
            return {"user_id": number, "name": name, "email": email}
