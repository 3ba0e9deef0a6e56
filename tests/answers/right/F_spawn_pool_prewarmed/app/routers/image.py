# Right answer to F: a pool of spawned processes that are warmed up at the start; both steps at once.
import asyncio
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager
from urllib.parse import quote

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


class NotAnImage(Exception):
    pass


def recognize(png: bytes):
    try:
        pixels = digits.preprocess(png)
    except ValueError as exc:
        raise NotAnImage(str(exc))
    return digits.infer(pixels)


@asynccontextmanager
async def lifespan(app):
    loop = asyncio.get_running_loop()
    with ProcessPoolExecutor(settings.pool_processes, mp_context=multiprocessing.get_context("spawn"), initializer=digits.load) as pool:
        await asyncio.gather(*(loop.run_in_executor(pool, int) for _ in range(settings.pool_processes)))
        async with httpx.AsyncClient(base_url=settings.images_url, timeout=settings.upstream_timeout_seconds) as client:
            yield {"images": client, "digits": pool}


router = APIRouter(lifespan=lifespan)


@router.post("/predict/image")
async def predict_image(asked: ImageRequest, request: Request) -> Digit:
    try:
        response = await request.state.images.get("/images/" + quote(asked.image_id, safe=""))
    except httpx.TimeoutException as exc:
        raise HTTPException(504, "image service timed out") from exc
    except httpx.HTTPError as exc:
        raise HTTPException(502, "image service failed") from exc
    if response.status_code == 404:
        raise HTTPException(404, "image not found")
    if not response.is_success:
        raise HTTPException(502, "image service failed")
    try:
        label, confidence = await asyncio.get_running_loop().run_in_executor(request.state.digits, recognize, response.content)
    except NotAnImage as exc:
        raise HTTPException(502, "not a PNG") from exc
    return Digit(label=label, confidence=confidence)
