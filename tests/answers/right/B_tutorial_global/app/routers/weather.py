# Right answer to B: as a tutorial has it: a global client, each exception by name.
import logging
from contextlib import asynccontextmanager
from urllib.parse import quote

import httpx
from fastapi import APIRouter, HTTPException, status
from pydantic import BaseModel, ValidationError

from app.settings import settings

logger = logging.getLogger(__name__)

client: httpx.AsyncClient | None = None


class Weather(BaseModel):
    city: str
    temperature: float
    conditions: str


class UpstreamWeather(BaseModel):
    temperature: float
    conditions: str


@asynccontextmanager
async def lifespan(app):
    global client
    client = httpx.AsyncClient(
        timeout=httpx.Timeout(settings.upstream_timeout_seconds),
        limits=httpx.Limits(max_connections=200, max_keepalive_connections=50),
        headers={"accept": "application/json"},
    )
    yield
    await client.aclose()


router = APIRouter(lifespan=lifespan, tags=["weather"])


@router.get("/weather/{city}", response_model=Weather)
async def read_weather(city: str):
    url = f"{settings.weather_url.rstrip('/')}/weather/{quote(city, safe='')}"
    try:
        response = await client.get(url)
        response.raise_for_status()
        upstream = UpstreamWeather.model_validate_json(response.content)
    except httpx.TimeoutException:
        logger.warning("timeout for %s", city)
        raise HTTPException(status.HTTP_504_GATEWAY_TIMEOUT, "Weather service timed out")
    except httpx.HTTPStatusError as exc:
        raise HTTPException(502, f"Weather service returned {exc.response.status_code}")
    except httpx.RequestError as exc:
        raise HTTPException(502, f"Weather service unreachable: {exc!r}")
    except ValidationError:
        raise HTTPException(502, "Weather service returned invalid data")
    return Weather(city=city, **upstream.model_dump())
