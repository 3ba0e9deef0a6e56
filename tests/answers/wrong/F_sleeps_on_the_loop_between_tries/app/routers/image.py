# Wrong answer to F: a failed download is tried again, after a time.sleep on the loop.
# Rejected by: test_a_failing_image_service_is_a_502
# Because: The image service (failed|answered).*app/routers/image\.py:62
"""POST /predict/image: which digit a picture shows, which another service keeps."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

import httpx
from anyio.to_thread import run_sync
from fastapi import APIRouter, HTTPException, Request
from pydantic import BaseModel

from app import digits
from app.settings import settings


class ImageRequest(BaseModel):
    """What a client sends."""

    image_id: str


class Digit(BaseModel):
    """What a client gets: the digit, and how sure the model is of it, from 0 to 1."""

    label: int
    confidence: float


@asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[dict[str, Any]]:
    """Opens what all requests share, and closes it with the service; its parts are ``request.state.images`` and ``.digits``."""
    # A pool of its own. On FastAPI's 40 threads, or asyncio's few, computations would stand in the
    # way of every other endpoint; here the 41st waits behind its like. No more threads than CPUs:
    # computing gains nothing from more. Threads do, as onnxruntime and numpy give up the GIL.
    pool = ThreadPoolExecutor(settings.pool_processes, thread_name_prefix="digits", initializer=digits.load)
    try:
        async with httpx.AsyncClient(base_url=settings.images_url) as client:
            yield {"images": client, "digits": pool}
    finally:
        await run_sync(pool.shutdown)  # it waits for its threads, which the loop must not


router = APIRouter(lifespan=lifespan)


# The upstream: GET {IMAGES_URL}/images/{image_id} answers with a PNG file.
@router.post("/predict/image")
async def predict_image(asked: ImageRequest, request: Request) -> Digit:
    """The digit that the image shows; 404 when there is no such image, 502 when the upstream fails, 504 when it takes too long."""
    for attempt in range(3):
        try:
            png = await _download(request.state.images, asked.image_id)
            break
        except HTTPException as e:
            if e.status_code == 404 or attempt == 2: raise
            import time; time.sleep(0.2 * 2**attempt)
    # Waited for on the loop, by an await: while the pool computes, the loop serves others.
    # Both steps in one go: between them nothing is gained by a way back to the loop.
    label, confidence = await asyncio.get_running_loop().run_in_executor(request.state.digits, _recognize, png)
    return Digit(label=label, confidence=confidence)


async def _download(client: httpx.AsyncClient, image_id: str) -> bytes:
    """The image's file."""
    try:
        # For the whole download, where httpx's own time limits are for each step of it.
        async with asyncio.timeout(settings.upstream_timeout_seconds):
            # The dots too: an id ".." would otherwise name the folder above, which httpx would ask for.
            answer = await client.get(f"/images/{quote(image_id, safe='').replace('.', '%2E')}", timeout=None)
    except TimeoutError as error:
        raise HTTPException(504, "the image service takes too long") from error
    except httpx.HTTPError as error:
        raise HTTPException(502, "the image service gave no valid answer") from error
    if answer.status_code == 404:
        raise HTTPException(404, f"there is no image {image_id}")
    if not answer.is_success:
        raise HTTPException(502, f"the image service answered {answer.status_code}")
    return answer.content


def _recognize(png: bytes) -> tuple[int, float]:
    """Both steps of the model, on one thread of the pool."""
    try:
        pixels = digits.preprocess(png)
    except ValueError as error:  # of this step only: what goes wrong in the model is no fault of the image service
        raise HTTPException(502, "the image service sent what is no PNG file") from error
    return digits.infer(pixels)
