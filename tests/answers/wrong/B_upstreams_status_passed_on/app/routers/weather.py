# Wrong answer to B: the upstream's own status is given to the client.
# Rejected by: test_a_failing_upstream_is_a_502
# Because: answered 500, expected 502

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
    except httpx.HTTPStatusError as error:
        raise HTTPException(error.response.status_code)
    except httpx.TimeoutException:
        raise HTTPException(504, "upstream too slow")
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        raise HTTPException(502, "upstream failed")
