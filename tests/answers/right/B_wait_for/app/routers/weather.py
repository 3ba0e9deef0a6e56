# Right answer to B: a client in the state of the application, asyncio.wait_for, a model of the upstream.

import asyncio
from contextlib import asynccontextmanager
from typing import Annotated

import httpx
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request
from pydantic import BaseModel, ValidationError

from app.settings import settings


class Upstream(BaseModel):
    temperature: float
    conditions: str


@asynccontextmanager
async def lifespan(app: FastAPI):
    app.state.weather_client = httpx.AsyncClient(timeout=None)
    yield
    await app.state.weather_client.aclose()


router = APIRouter(lifespan=lifespan)


def client(request: Request) -> httpx.AsyncClient:
    return request.app.state.weather_client


@router.get("/weather/{city}")
async def read_weather(city: str, client: Annotated[httpx.AsyncClient, Depends(client)]) -> dict:
    url = httpx.URL(settings.weather_url).copy_with(raw_path=b"/weather/" + b"".join(b"%%%02X" % byte for byte in city.encode()))
    try:
        response = await asyncio.wait_for(client.get(url), settings.upstream_timeout_seconds)
    except asyncio.TimeoutError:
        raise HTTPException(504)
    except httpx.RequestError:
        raise HTTPException(502)
    if not response.is_success:
        raise HTTPException(502, f"weather service said {response.status_code}")
    try:
        upstream = Upstream.model_validate_json(response.content)
    except ValidationError:
        raise HTTPException(502, "weather service said nonsense")
    return {"city": city, **upstream.model_dump()}
