# Wrong answer to B: three tries, each with the whole time limit.
# Rejected by: test_a_slow_upstream_is_a_504
# Because: since it had first asked

"""GET /weather/{city}: what another service says of a city."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

import httpx
from fastapi import APIRouter, HTTPException, Request
from pydantic import BaseModel, ValidationError

from app.settings import settings


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


async def ask(client: httpx.AsyncClient, path: str, tries: int = 3) -> httpx.Response:
    """The upstream's answer, which may come at the second or third try."""
    for _ in range(tries - 1):
        try:
            async with asyncio.timeout(settings.upstream_timeout_seconds):
                return await client.get(path, timeout=None)
        except (TimeoutError, httpx.TransportError):
            await asyncio.sleep(0.05)
    async with asyncio.timeout(settings.upstream_timeout_seconds):
        return await client.get(path, timeout=None)


# The upstream: GET {WEATHER_URL}/weather/{city} answers {"temperature": 21.5, "conditions": "sunny"}.
@router.get("/weather/{city}")
async def read_weather(city: str, request: Request) -> Weather:
    """The weather of ``city``; 502 when the upstream fails, 504 when it takes too long."""
    try:
        # httpx's own time limits are for each step: a server that sends a byte now and then never
        # runs into them. This one is for the whole.
        answer = await ask(request.state.weather, f"/weather/{quote(city, safe='').replace('.', '%2E')}")
        answer.raise_for_status()
        return Weather.model_validate({**answer.json(), "city": city})
    except TimeoutError as error:
        raise HTTPException(504, "the weather service takes too long") from error
    except (httpx.HTTPError, ValidationError, ValueError, TypeError) as error:
        raise HTTPException(502, "the weather service gave no valid answer") from error
