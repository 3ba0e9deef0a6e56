# Right answer to A: SQLAlchemy's async sessions over psycopg, one lent to each request by a dependency.

from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoneLeft
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from app.settings import settings


@asynccontextmanager
async def lifespan(app):
    engine = create_async_engine(
        make_url(settings.database_url).set(drivername="postgresql+psycopg"), pool_size=8, max_overflow=0, pool_pre_ping=True,
        pool_timeout=settings.upstream_timeout_seconds, connect_args={"connect_timeout": 2},
    )
    yield {"sessions": async_sessionmaker(engine)}
    await engine.dispose()


router = APIRouter(lifespan=lifespan)


async def session(request: Request):
    async with request.state.sessions() as session:
        yield session


@router.get("/users/{user_id}")
async def read_user(user_id: int, session: Annotated[AsyncSession, Depends(session)]):
    try:
        found = await session.execute(text("select user_id, name, email from users where user_id = :id"), {"id": user_id})
    except (DBAPIError, NoneLeft) as error:
        raise HTTPException(503) from error
    row = found.one_or_none()
    if row is None:
        raise HTTPException(404)
    return row._asdict()
