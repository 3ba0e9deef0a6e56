# Right answer to G: a response that brings its background task along, with a client for each delivery.

import logging

import httpx
from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.background import BackgroundTask

from app.settings import settings

router = APIRouter()


class Event(BaseModel):
    event: str
    user_id: int


async def send(body: str) -> None:
    try:
        async with httpx.AsyncClient(timeout=settings.upstream_timeout_seconds) as client:
            response = await client.post(
                f"{settings.analytics_url}/events", content=body, headers={"content-type": "application/json"}
            )
        if not response.is_success:
            logging.getLogger("tracking").error("analytics answered %d", response.status_code)
    except Exception:
        logging.getLogger("tracking").critical("analytics failed", exc_info=True)


@router.post("/track")
async def track(event: Event) -> JSONResponse:
    return JSONResponse({"status": "accepted"}, 202, background=BackgroundTask(send, event.model_dump_json()))
