# Right answer to F: threads of its own that take work from a queue.

import asyncio
import queue
import threading
from contextlib import asynccontextmanager
from urllib.parse import quote

import httpx
from fastapi import APIRouter, HTTPException, Request
from pydantic import BaseModel

from app.digits import infer, preprocess
from app.settings import settings


class ImageRequest(BaseModel):
    image_id: str


class Digit(BaseModel):
    label: int
    confidence: float


@asynccontextmanager
async def lifespan(app):
    async with httpx.AsyncClient(base_url=settings.images_url, timeout=settings.upstream_timeout_seconds) as client:
        for _ in range(settings.pool_processes):
            threading.Thread(target=work, daemon=True).start()
        yield {"client": client}


router = APIRouter(lifespan=lifespan)
waiting = queue.Queue()


async def download(client, image_id):
    try:
        response = await client.get("/images/" + quote(image_id, safe=""))
    except httpx.TimeoutException:
        raise HTTPException(504, "image service too slow")
    except httpx.HTTPError:
        raise HTTPException(502, "image service failed")
    if response.status_code == 404:
        raise HTTPException(404, "no such image")
    if not response.is_success:
        raise HTTPException(502, "image service failed")
    return response.content


def compute(png):
    try:
        pixels = preprocess(png)
    except ValueError:
        return None
    return infer(pixels)


def work():
    while True:
        loop, future, png = waiting.get()
        try:
            result, error = compute(png), None
        except Exception as caught:
            result, error = None, caught
        loop.call_soon_threadsafe(settle, future, result, error)


def settle(future, result, error):
    if future.cancelled():
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)


@router.post("/predict/image")
async def predict_image(asked: ImageRequest, request: Request) -> Digit:
    png = await download(request.state.client, asked.image_id)
    loop = asyncio.get_running_loop()
    future = loop.create_future()
    waiting.put((loop, future, png))
    result = await future
    if result is None:
        raise HTTPException(502, "no image")
    return Digit(label=result[0], confidence=result[1])
