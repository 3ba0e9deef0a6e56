# Right answer to F: a time limit of anyio's for the whole download; the lifespan yields a function that computes.

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from urllib.parse import quote

import anyio
import httpx
from fastapi import APIRouter, HTTPException, Request
from pydantic import BaseModel

from app import digits
from app.settings import settings


class ImageRequest(BaseModel):
    image_id: str


class Digit(BaseModel):
    label: int
    confidence: float


@asynccontextmanager
async def lifespan(app):
    async with httpx.AsyncClient(base_url=settings.images_url, timeout=settings.upstream_timeout_seconds) as client:
        with ThreadPoolExecutor(settings.pool_processes) as pool:
            yield {"client": client, "run": partial(asyncio.get_running_loop().run_in_executor, pool)}


router = APIRouter(lifespan=lifespan)


async def download(client, image_id):
    try:
        with anyio.fail_after(settings.upstream_timeout_seconds):
            response = await client.request("GET", "/images/" + quote(image_id, safe=""), timeout=None)
    except TimeoutError:
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
        pixels = digits.preprocess(png)
    except ValueError:
        return None
    return digits.infer(pixels)


@router.post("/predict/image")
async def predict_image(asked: ImageRequest, request: Request) -> Digit:
    png = await download(request.state.client, asked.image_id)
    result = await request.state.run(compute, png)
    if result is None:
        raise HTTPException(502, "no image")
    return Digit(label=result[0], confidence=result[1])
