"""GET /weather/{city}: what another service says of a city."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

import httpx
from fastapi import APIRouter, HTTPException, Request
from pydantic import BaseModel, FiniteFloat

from app.settings import settings


class Conditions(BaseModel):
    """What the upstream says."""

    temperature: FiniteFloat  # Python's own parser takes NaN, which is no JSON and no temperature
    conditions: str


class Weather(BaseModel):
    """What a client gets; ``temperature`` is in degrees Celsius."""

    city: str
    temperature: float
    conditions: str


@asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[dict[str, Any]]:
    """Opens one client with the service, and closes it with it; it is ``request.state.weather``."""
    # A client keeps connections open and lends them. One made for each request would connect anew
    # every time, and would load the system's certificates anew as well.
    async with httpx.AsyncClient(base_url=settings.weather_url) as client:
        yield {"weather": client}


router = APIRouter(lifespan=lifespan)


# The upstream: GET {WEATHER_URL}/weather/{city} answers {"temperature": 21.5, "conditions": "sunny"}.
@router.get("/weather/{city}")
async def read_weather(city: str, request: Request) -> Weather:
    """The weather of ``city``; 502 when the upstream fails, 504 when it takes too long."""
    try:
        # httpx's own time limits are for each step: a server that sends a byte now and then never
        # runs into them. This one is for the whole.
        async with asyncio.timeout(settings.upstream_timeout_seconds):
            # Escaped, so that "what?units=f" stays a city and brings no query along, and ".." isn't the folder above.
            answer = await request.state.weather.get(f"/weather/{quote(city, safe='').replace('.', '%2E')}", timeout=None)
        answer.raise_for_status()
        return Weather(city=city, **Conditions.model_validate_json(answer.content).model_dump())
    except TimeoutError as error:
        raise HTTPException(504, "the weather service takes too long") from error
    except (httpx.HTTPError, ValueError) as error:  # pydantic's ValidationError is a ValueError
        raise HTTPException(502, "the weather service gave no valid answer") from error
