"""POST /predict/image: which digit a picture shows, which another service keeps."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel


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
    # TODO F: computations that take the threads of `def` endpoints make every other endpoint wait for one.
    # Goal: one client for downloads, and one pool that does nothing but compute, settings.pool_processes at once.
    # Tool: httpx.AsyncClient, and an Executor of concurrent.futures.
    yield {"images": None, "digits": None}


router = APIRouter(lifespan=lifespan)


# The upstream: GET {IMAGES_URL}/images/{image_id} answers with a PNG file.
@router.post("/predict/image")
async def predict_image(asked: ImageRequest, request: Request) -> Digit:
    """The digit that the image shows; 404 when there is no such image, 502 when the upstream fails, 504 when it takes too long."""
    # TODO F: nothing is downloaded, and nothing computed.
    # Goal: downloads wait together on the loop; computations run together off it, in their own pool.
    # Tool: await the client, as in B; then app.digits.preprocess and .infer, by loop.run_in_executor.
    raise NotImplementedError("F: /predict/image recognizes nothing yet")
