# Wrong answer to B: 64 threads with a plain client, started before the first request.
# Rejected by: test_requests_wait_together
# Because: the service had \d+ threads for it

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from urllib.parse import quote

import httpx
from fastapi import APIRouter, HTTPException, Request
from pydantic import BaseModel

from app.settings import settings


class Weather(BaseModel):
    city: str
    temperature: float
    conditions: str

def started(count):
    """A pool of threads that all run before the first request."""
    pool = ThreadPoolExecutor(count)
    everybody = threading.Barrier(count + 1)
    for _ in range(count):
        pool.submit(everybody.wait)
    everybody.wait()
    return pool


@asynccontextmanager
async def lifespan(app):
    with httpx.Client(base_url=settings.weather_url, timeout=settings.upstream_timeout_seconds) as client:
        with started(64) as pool:
            yield {"client": client, "pool": pool}


router = APIRouter(lifespan=lifespan)


@router.get("/weather/{city}")
async def read_weather(city: str, request: Request) -> Weather:
    def ask():
        path = "/weather/" + quote(city, safe="").replace(".", "%2E")
        return request.state.client.get(path)

    try:
        answer = await asyncio.get_running_loop().run_in_executor(request.state.pool, ask)
        answer.raise_for_status()
        return Weather(**{**answer.json(), "city": city})
    except httpx.TimeoutException:
        raise HTTPException(504)
    except Exception:
        raise HTTPException(502)
