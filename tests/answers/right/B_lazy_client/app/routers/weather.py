# Right answer to B: a client that is made by the first request and kept.

import functools
from urllib.parse import quote

import httpx
from fastapi import APIRouter, HTTPException
from pydantic import BaseModel

from app.settings import settings


class Weather(BaseModel):
    city: str
    temperature: float
    conditions: str


@functools.cache
def client() -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=settings.weather_url, timeout=settings.upstream_timeout_seconds)


router = APIRouter()


@router.get("/weather/{city}")
async def read_weather(city: str) -> Weather:
    try:
        response = await client().get("/weather/" + quote(city, safe=""))
        response.raise_for_status()
        data = response.json()
        return Weather(city=city, temperature=data["temperature"], conditions=data["conditions"])
    except httpx.TimeoutException:
        raise HTTPException(504, "upstream too slow")
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        raise HTTPException(502, "upstream failed")
