# Wrong answer to B: a lock around the call.
# Rejected by: test_requests_wait_together
# Because: got 1 call, and the next only after that had been answered

import asyncio
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


@asynccontextmanager
async def lifespan(app):
    async with httpx.AsyncClient(base_url=settings.weather_url, timeout=settings.upstream_timeout_seconds) as client:
        yield {"weather": client}


lock = asyncio.Lock()
router = APIRouter(lifespan=lifespan)


@router.get("/weather/{city}")
async def read_weather(city: str, request: Request) -> Weather:
    try:
        async with lock:
            response = await request.state.weather.get("/weather/" + quote(city, safe=""))
        response.raise_for_status()
        data = response.json()
        return Weather(city=city, temperature=data["temperature"], conditions=data["conditions"])
    except httpx.TimeoutException:
        raise HTTPException(504, "upstream too slow")
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        raise HTTPException(502, "upstream failed")
