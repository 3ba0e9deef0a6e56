# Wrong answer to F: a hundred threads for downloads, started before the first request.
# Rejected by: test_downloads_wait_together
# Because: the service had \d+ threads for it

import asyncio
import threading
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
    with httpx.Client(base_url=settings.images_url, timeout=settings.upstream_timeout_seconds) as client:
        with ThreadPoolExecutor(settings.pool_processes) as pool:
            yield {"client": client, "pool": pool}


def started(count):
    """A pool of threads that all run before the first request."""
    pool = ThreadPoolExecutor(count)
    everybody = threading.Barrier(count + 1)
    for _ in range(count):
        pool.submit(everybody.wait)
    everybody.wait()
    return pool


router = APIRouter(lifespan=lifespan)
downloads = started(100)


def download(client, image_id):
    try:
        response = client.get("/images/" + quote(image_id, safe=""))
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
    loop = asyncio.get_running_loop()
    png = await loop.run_in_executor(downloads, download, request.state.client, asked.image_id)
    result = await loop.run_in_executor(request.state.pool, compute, png)
    if result is None:
        raise HTTPException(502, "no image")
    return Digit(label=result[0], confidence=result[1])
