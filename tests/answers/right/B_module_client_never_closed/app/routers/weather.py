# Right answer to B: a client of the module's that is never closed; httpx's limits for each step; the body by hand.

from urllib.parse import quote_plus

import httpx
from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from app.settings import settings

CLIENT = httpx.AsyncClient(base_url=f"{settings.weather_url}/weather/", timeout=httpx.Timeout(settings.upstream_timeout_seconds, pool=None))
router = APIRouter()


class Weather(BaseModel, strict=True):
    temperature: float | int
    conditions: str


@router.get("/weather/{city}")
async def read_weather(city: str) -> Response:
    try:
        answer = await CLIENT.get(quote_plus(city).replace("+", "%20"))
        if answer.status_code // 100 != 2:
            return JSONResponse({"detail": "no"}, 502)
        weather = Weather.model_validate_json(answer.text)
    except httpx.TimeoutException:
        return JSONResponse({"detail": "late"}, 504)
    except (httpx.HTTPError, ValueError):
        return JSONResponse({"detail": "no"}, 502)
    return JSONResponse({"city": city, **weather.model_dump()})
