# Right answer to F: aiohttp downloads; processes compute, and each step is a trip to them; no PNG file is seen by its first bytes.

import asyncio
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager
from urllib.parse import quote

import aiohttp
import yarl
from fastapi import APIRouter, HTTPException, Request
from pydantic import BaseModel, Field

from app.digits import infer, load, preprocess
from app.settings import settings


class Asked(BaseModel):
    image_id: str


class Digit(BaseModel):
    label: int = Field(ge=0, le=9)
    confidence: float


@asynccontextmanager
async def lifespan(app):
    pool = ProcessPoolExecutor(settings.pool_processes, multiprocessing.get_context("spawn"), load)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=200)) as session:
        yield {"session": session, "pool": pool}
    await asyncio.to_thread(pool.shutdown)


router = APIRouter(lifespan=lifespan)


async def download(session, image_id):
    url = yarl.URL(f"{settings.images_url}/images/{quote(image_id, safe='')}", encoded=True)
    try:
        async with session.get(url, allow_redirects=False, timeout=aiohttp.ClientTimeout(settings.upstream_timeout_seconds)) as answer:
            if answer.status == 404:
                raise HTTPException(404)
            if not 200 <= answer.status <= 299:
                raise HTTPException(502)
            return await answer.read()
    except TimeoutError:
        raise HTTPException(504) from None
    except aiohttp.ClientError:
        raise HTTPException(502) from None


@router.post("/predict/image", response_model=Digit)
async def predict_image(asked: Asked, request: Request):
    loop, pool = asyncio.get_running_loop(), request.state.pool
    png = await download(request.state.session, asked.image_id)
    if not png.startswith(b"\x89PNG"):
        raise HTTPException(502, "no PNG file")
    try:
        pixels = await loop.run_in_executor(pool, preprocess, png)
    except ValueError:
        raise HTTPException(502, "a broken PNG file") from None
    label, confidence = await loop.run_in_executor(pool, infer, pixels)
    return Digit(label=label, confidence=confidence)
