# Right answer to F: client and pool are made when they are first needed; no lifespan.

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from urllib.parse import quote

import httpx
from fastapi import APIRouter, HTTPException
from pydantic import BaseModel

from app.digits import infer, preprocess
from app.settings import settings


class ImageRequest(BaseModel):
    image_id: str


class Digit(BaseModel):
    label: int
    confidence: float


@cache
def client():
    return httpx.AsyncClient(base_url=settings.images_url, timeout=httpx.Timeout(settings.upstream_timeout_seconds))


@cache
def pool():
    return ThreadPoolExecutor(max_workers=max(2, settings.pool_processes))


router = APIRouter()


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


@router.post("/predict/image")
async def predict_image(asked: ImageRequest) -> Digit:
    png = await download(client(), asked.image_id)
    loop = asyncio.get_running_loop()
    result = await loop.run_in_executor(pool(), compute, png)
    if result is None:
        raise HTTPException(502, "no image")
    return Digit(label=result[0], confidence=result[1])
