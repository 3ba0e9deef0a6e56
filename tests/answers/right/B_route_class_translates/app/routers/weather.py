# Right answer to B: a class of routes turns the client's exceptions into statuses; the endpoint knows of none.

import json
from contextlib import AsyncExitStack, asynccontextmanager
from urllib.parse import quote

import anyio
import httpx
from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.routing import APIRoute

from app.settings import settings


class Gateway(APIRoute):
    def get_route_handler(self):
        handle = super().get_route_handler()

        async def translated(request):
            try:
                with anyio.fail_after(settings.upstream_timeout_seconds):
                    return await handle(request)
            except TimeoutError:
                raise HTTPException(504, "slow upstream") from None
            except (httpx.HTTPError, LookupError, TypeError, ValueError) as error:
                raise HTTPException(502, f"bad upstream: {error}") from error

        return translated


@asynccontextmanager
async def lifespan(app):
    async with AsyncExitStack() as stack:
        app.state.weather_client = await stack.enter_async_context(httpx.AsyncClient(timeout=None))
        yield


def client(request: Request) -> httpx.AsyncClient:
    return request.app.state.weather_client


router = APIRouter(lifespan=lifespan, route_class=Gateway)


@router.get("/weather/{city}")
async def read_weather(city: str, client: httpx.AsyncClient = Depends(client)):
    async with client.stream("GET", settings.weather_url + "/weather/" + quote(city, safe="")) as response:
        response.raise_for_status()
        told = json.loads(await response.aread())
    temperature, conditions = told["temperature"], told["conditions"]
    if not isinstance(conditions, str):
        raise TypeError("conditions")
    return {"city": city, "temperature": float(temperature), "conditions": conditions}
