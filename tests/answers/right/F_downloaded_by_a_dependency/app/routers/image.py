# Right answer to F: the download is an async dependency, a class of routes translates its exceptions, the pool stands in app.state.

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Annotated
from urllib.parse import quote

import httpx
from fastapi import APIRouter, Body, Depends, HTTPException, Request
from fastapi.routing import APIRoute

import app.digits as model
from app.settings import settings


class Unusable(Exception):
    status = 502


class Late(Unusable):
    status = 504


class Unknown(Unusable):
    status = 404


class Route(APIRoute):
    def get_route_handler(self):
        handle = super().get_route_handler()

        async def handler(request):
            try:
                return await handle(request)
            except Unusable as error:
                raise HTTPException(error.status, str(error)) from error

        return handler


@asynccontextmanager
async def lifespan(app):
    app.state.images = httpx.AsyncClient()
    app.state.model_threads = ThreadPoolExecutor(max(2, settings.pool_processes), "model")
    try:
        yield
    finally:
        await app.state.images.aclose()
        app.state.model_threads.shutdown(wait=False, cancel_futures=True)


async def picture(request: Request, image_id: Annotated[str, Body(embed=True)]) -> bytes:
    url = f"{settings.images_url}/images/{quote(image_id, safe='')}"
    call = request.app.state.images.get(url, timeout=None)
    try:
        answer = await asyncio.wait_for(call, settings.upstream_timeout_seconds)
    except TimeoutError:
        raise Late("late") from None
    except httpx.HTTPError as error:
        raise Unusable(repr(error)) from None
    if answer.status_code == 404:
        raise Unknown(image_id)
    if not 200 <= answer.status_code < 300:
        raise Unusable(answer.reason_phrase)
    return answer.content


router = APIRouter(lifespan=lifespan, route_class=Route)


@router.post("/predict/image")
async def predict_image(request: Request, png: Annotated[bytes, Depends(picture)]):
    threads = request.app.state.model_threads
    try:
        pixels = await asyncio.wrap_future(threads.submit(model.preprocess, png))
    except ValueError:
        raise Unusable("no picture")
    label, confidence = await asyncio.wrap_future(threads.submit(model.infer, pixels))
    return {"label": label, "confidence": confidence}
