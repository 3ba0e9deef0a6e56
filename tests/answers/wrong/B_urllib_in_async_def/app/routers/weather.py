# Wrong answer to B: urllib on the loop.
# Rejected by: test_requests_wait_together
# Because: app/routers/weather.py:\d+ for [\d.]+ s, waiting
# Because: urlopen

import json
import socket
import urllib.error
import urllib.request
from urllib.parse import quote

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel

from app.settings import settings

router = APIRouter()


class Weather(BaseModel):
    city: str
    temperature: float
    conditions: str


@router.get("/weather/{city}")
async def read_weather(city: str) -> Weather:
    try:
        with urllib.request.urlopen(f"{settings.weather_url}/weather/{quote(city, safe='')}", timeout=settings.upstream_timeout_seconds) as answer:
            data = json.load(answer)
        return Weather(city=city, temperature=data["temperature"], conditions=data["conditions"])
    except (TimeoutError, socket.timeout):
        raise HTTPException(504)
    except Exception:
        raise HTTPException(502)
