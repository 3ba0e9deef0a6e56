"""GET /weather/{city}: what another service says of a city."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel


class Weather(BaseModel):
    """What a client gets; ``temperature`` is in degrees Celsius."""

    city: str
    temperature: float
    conditions: str


@asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[dict[str, Any]]:
    """Opens one client with the service, and closes it with it; it is ``request.state.weather``."""
    # TODO B: a client for each request connects anew each time.
    # Goal: one client that keeps its connections and lends them.
    # Tool: httpx.AsyncClient is an async context manager.
    yield {"weather": None}


router = APIRouter(lifespan=lifespan)


# The upstream: GET {WEATHER_URL}/weather/{city} answers {"temperature": 21.5, "conditions": "sunny"}.
@router.get("/weather/{city}")
async def read_weather(city: str, request: Request) -> Weather:
    """The weather of ``city``; 502 when the upstream fails, 504 when it takes too long."""
    # TODO B: nobody is asked for the weather yet.
    # Goal: requests wait for the upstream together, never longer than settings.upstream_timeout_seconds.
    # Tool: await the client; a city may hold any character: urllib.parse.quote.
    raise NotImplementedError("B: /weather asks nobody yet")
