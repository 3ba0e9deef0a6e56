# Wrong answer to F: a time limit of its own.
# Rejected by: test_a_slow_image_service_is_a_504 or test_downloads_wait_together
# Because: gave up first|after 3\.5 s there was none|504

import asyncio
from concurrent.futures import ThreadPoolExecutor
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
    async with httpx.AsyncClient(base_url=settings.images_url, timeout=3.0) as client:
        with ThreadPoolExecutor(settings.pool_processes) as pool:
            yield {"client": client, "pool": pool}


router = APIRouter(lifespan=lifespan)


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
async def predict_image(asked: ImageRequest, request: Request) -> Digit:
    png = await download(request.state.client, asked.image_id)
    loop = asyncio.get_running_loop()
    result = await loop.run_in_executor(request.state.pool, compute, png)
    if result is None:
        raise HTTPException(502, "no image")
    return Digit(label=result[0], confidence=result[1])
