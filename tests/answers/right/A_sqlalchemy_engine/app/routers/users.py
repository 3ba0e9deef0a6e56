# Right answer to A: SQLAlchemy's engine, whose pool lends psycopg's connections to a plain def.

from contextlib import asynccontextmanager

import sqlalchemy as sa
from anyio import to_thread
from fastapi import APIRouter, HTTPException, Request
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoneLeft

from app.settings import settings

users = sa.table("users", sa.column("user_id", sa.Integer), sa.column("name"), sa.column("email"))


@asynccontextmanager
async def lifespan(app):
    engine = sa.create_engine(
        sa.make_url(settings.database_url).set(drivername="postgresql+psycopg"), pool_size=5, max_overflow=5, pool_pre_ping=True,
        pool_timeout=settings.upstream_timeout_seconds, connect_args={"connect_timeout": 2},
    )
    try:
        yield {"engine": engine}
    finally:
        await to_thread.run_sync(engine.dispose)


router = APIRouter(lifespan=lifespan)


@router.get("/users/{user_id}")
def read_user(user_id: int, request: Request):
    try:
        with request.state.engine.connect() as connection:
            row = connection.execute(sa.select(users).where(users.c.user_id == sa.bindparam("id", type_=sa.BigInteger)), {"id": user_id}).mappings().first()
    except (DBAPIError, NoneLeft) as error:
        raise HTTPException(503, "the database can't be asked") from error
    if row is None:
        raise HTTPException(404, "no such user")
    return dict(row)
