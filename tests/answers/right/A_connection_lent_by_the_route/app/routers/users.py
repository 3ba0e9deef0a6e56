# Right answer to A: a class of routes of its own lends the connection and translates exceptions; a context variable carries it.

from contextlib import asynccontextmanager
from contextvars import ContextVar

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from psycopg import AsyncConnection, OperationalError
from psycopg_pool import AsyncConnectionPool

from app.settings import settings

current: ContextVar[AsyncConnection] = ContextVar("current")


class Lending(APIRoute):
    def get_route_handler(self):
        handle = super().get_route_handler()

        async def lend(request: Request):
            try:
                async with request.state.user_pool.connection() as connection:
                    token = current.set(connection)
                    try:
                        return await handle(request)
                    finally:
                        current.reset(token)
            except OperationalError as error:
                return JSONResponse({"detail": str(error) or "no database"}, 503)

        return lend


@asynccontextmanager
async def lifespan(app):
    pool = AsyncConnectionPool(settings.database_url, min_size=4, max_size=20, timeout=settings.upstream_timeout_seconds, open=False)
    await pool.open(wait=False)
    yield {"user_pool": pool}
    await pool.close()


router = APIRouter(lifespan=lifespan, route_class=Lending)


@router.get("/users/{user_id}")
async def read_user(user_id: int):
    async with current.get().cursor() as cursor:
        await cursor.execute("SELECT * FROM users WHERE user_id = %b", (user_id,))
        row = await cursor.fetchone()
        if row is None:
            return JSONResponse({"detail": "no such user"}, 404)
        return dict(zip([column.name for column in cursor.description], row))
