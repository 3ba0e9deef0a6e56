# Wrong answer to B: too slow and broken are the same to it.
# Rejected by: test_a_slow_upstream_is_a_504
# Because: answered 502, expected 504

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


router = APIRouter(lifespan=lifespan)


@router.get("/weather/{city}")
async def read_weather(city: str, request: Request) -> Weather:
    try:
        response = await request.state.weather.get("/weather/" + quote(city, safe=""))
        response.raise_for_status()
        data = response.json()
        return Weather(city=city, temperature=data["temperature"], conditions=data["conditions"])
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        raise HTTPException(502, "upstream failed")
