# Wrong answer to B: httpx's default of 5 seconds.
# Rejected by: test_a_slow_upstream_is_a_504
# Because: after 3.5 s there was none.*UPSTREAM_TIMEOUT_SECONDS was 0.25

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
    async with httpx.AsyncClient(base_url=settings.weather_url) as client:
        yield {"weather": client}


router = APIRouter(lifespan=lifespan)


@router.get("/weather/{city}")
async def read_weather(city: str, request: Request) -> Weather:
    try:
        response = await request.state.weather.get("/weather/" + quote(city, safe=""))
        response.raise_for_status()
        data = response.json()
        return Weather(city=city, temperature=data["temperature"], conditions=data["conditions"])
    except httpx.TimeoutException:
        raise HTTPException(504, "upstream too slow")
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        raise HTTPException(502, "upstream failed")
