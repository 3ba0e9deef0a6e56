# Right answer to H: a generator yields names and values as they come; anyio's task group and a memory stream, httpx's own time limits and one for all.

import anyio
import httpx
from contextlib import asynccontextmanager
from fastapi import APIRouter, Depends, Request
from pydantic import JsonValue, TypeAdapter

from app.settings import settings

parse = TypeAdapter(JsonValue).validate_json
NAMES = [f"service_{number + 1}" for number in range(5)]


@asynccontextmanager
async def lifespan(app):
    async with httpx.AsyncClient(timeout=settings.upstream_timeout_seconds, limits=httpx.Limits(max_connections=1000)) as client:
        yield {"client": client}


router = APIRouter(lifespan=lifespan)


async def ask(client, name, results):
    body = b""
    try:
        with anyio.fail_after(settings.upstream_timeout_seconds):
            async with client.stream("GET", f"{settings.services_url}/{name}") as answer:
                if answer.is_success:
                    async for part in answer.aiter_bytes():
                        body += part
        await results.send((name, parse(body), True))
    except (httpx.HTTPError, TimeoutError, ValueError):
        await results.send((name, None, False))


async def page(request: Request):
    send, receive = anyio.create_memory_object_stream(len(NAMES))
    async with anyio.create_task_group() as group, receive:
        for name in NAMES:
            group.start_soon(ask, request.state.client, name, send)
        yield [await receive.receive() for _ in NAMES]


@router.get("/dashboard")
async def read_dashboard(results: list = Depends(page)):
    found = {name: value for name, value, _ in results}
    failed = [name for name, _, good in results if not good]
    return found | ({"errors": failed} if failed else {})
