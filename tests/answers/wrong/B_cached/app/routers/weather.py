# Wrong answer to B: the weather of a city is kept for ever.
# Rejected by: test_each_request_asks_the_upstream
# Because: got 2 calls

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


known = {}
router = APIRouter(lifespan=lifespan)


@router.get("/weather/{city}")
async def read_weather(city: str, request: Request) -> Weather:
    if city in known:
        return known[city]
    try:
        response = await request.state.weather.get("/weather/" + quote(city, safe=""))
        response.raise_for_status()
        data = response.json()
        known[city] = Weather(city=city, temperature=data["temperature"], conditions=data["conditions"])
        return known[city]
    except httpx.TimeoutException:
        raise HTTPException(504, "upstream too slow")
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        raise HTTPException(502, "upstream failed")
