# Right answer to E: one time limit around the lookup, bytes decoded by hand, a client in the state of the application.

import asyncio

import redis.asyncio
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request
from redis.exceptions import RedisError

from app.settings import settings


async def lifespan(app: FastAPI):
    app.state.redis = redis.asyncio.from_url(settings.redis_url, max_connections=1024)
    yield
    await app.state.redis.aclose()


router = APIRouter(lifespan=lifespan)


def client(request: Request):
    return request.app.state.redis


@router.get("/cache/{key}")
async def read_entry(key: str, client=Depends(client)):
    try:
        async with asyncio.timeout(settings.upstream_timeout_seconds):
            raw = await client.get(key.encode())
    except (TimeoutError, RedisError, ConnectionError) as problem:
        raise HTTPException(status_code=503, detail=type(problem).__name__)
    if raw is None:
        return dict(key=key, value=None, hit=False)
    return dict(key=key, value=raw.decode(), hit=True)
