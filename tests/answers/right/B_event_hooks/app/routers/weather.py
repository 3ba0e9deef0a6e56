# Right answer to B: hooks of the client raise for the status; its transport tries again to connect; the client is an attribute of a callable endpoint.

import asyncio
import urllib.parse

import httpx
from fastapi import APIRouter, HTTPException
from pydantic import TypeAdapter, ValidationError
from typing_extensions import TypedDict

from app.settings import settings


class Upstream(TypedDict):
    temperature: float
    conditions: str


async def only_good_ones(response: httpx.Response) -> None:
    if response.status_code != 200:
        raise httpx.HTTPStatusError(f"status {response.status_code}", request=response.request, response=response)


class ReadWeather:
    parse = TypeAdapter(Upstream).validate_json

    def __init__(self):
        self.client = httpx.AsyncClient(
            base_url=settings.weather_url, transport=httpx.AsyncHTTPTransport(retries=1, limits=httpx.Limits(max_connections=None)),
            event_hooks={"response": [only_good_ones]}, timeout=None,
        )

    async def __call__(self, city: str):
        call = asyncio.ensure_future(self.client.get("weather/" + urllib.parse.quote(city, "")))
        done, _ = await asyncio.wait([call], timeout=settings.upstream_timeout_seconds)
        if not done:
            call.cancel()
            await asyncio.gather(call, return_exceptions=True)
            raise HTTPException(504, "too slow")
        try:
            return {"city": city} | self.parse(call.result().content)
        except (httpx.HTTPError, ValidationError) as error:
            raise HTTPException(502, repr(error))


router = APIRouter()
router.add_api_route("/weather/{city}", ReadWeather(), methods=["GET"])
