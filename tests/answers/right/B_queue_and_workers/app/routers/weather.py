# Right answer to B: requests stand in a queue, and a hundred worker tasks of the lifespan ask for them.

import asyncio
from contextlib import asynccontextmanager
from urllib.parse import quote

import httpx
from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import JSONResponse

from app.settings import settings


async def work(client, queue):
    while True:
        city, future = await queue.get()
        try:
            answer = await client.get(f"/weather/{quote(city, safe='')}", timeout=None)
            said = answer.raise_for_status().json()
            result = {"city": city, "temperature": float(said["temperature"]), "conditions": said["conditions"]}
            if not isinstance(result["conditions"], str):
                raise TypeError(result)
        except (httpx.HTTPError, LookupError, ValueError, TypeError) as error:
            if not future.done():
                future.set_exception(error)
        else:
            if not future.done():
                future.set_result(result)


async def one_of_them(client, queue):
    """A worker for one question; a question whose time is over is given up."""
    while True:
        city, future = await queue.get()
        inner = asyncio.Queue()
        inner.put_nowait((city, future))
        worker = asyncio.create_task(work(client, inner))
        await asyncio.wait([future])
        worker.cancel()


@asynccontextmanager
async def lifespan(app):
    queue = asyncio.Queue()
    async with httpx.AsyncClient(base_url=settings.weather_url) as client:
        workers = [asyncio.create_task(one_of_them(client, queue)) for _ in range(100)]
        yield {"queue": queue}
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)


router = APIRouter(lifespan=lifespan)


@router.get("/weather/{city}")
async def read_weather(city: str, request: Request):
    future = asyncio.get_running_loop().create_future()
    request.state.queue.put_nowait((city, future))
    try:
        return JSONResponse(await asyncio.wait_for(future, settings.upstream_timeout_seconds))
    except TimeoutError:
        raise HTTPException(504) from None
    except Exception:
        raise HTTPException(502) from None
