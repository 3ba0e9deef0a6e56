# Right answer to H: no task is awaited; each one calls back, and the last one sets a future.

import asyncio
from contextlib import asynccontextmanager
from functools import partial

import httpx
from fastapi import APIRouter, Request

from app.settings import settings

SERVICES = ["service_1", "service_2", "service_3", "service_4", "service_5"]


@asynccontextmanager
async def lifespan(app):
    app.state.dashboard = httpx.AsyncClient(base_url=settings.services_url, timeout=None, limits=httpx.Limits(max_connections=None))
    yield
    await app.state.dashboard.aclose()


router = APIRouter(lifespan=lifespan)


class Page:
    def __init__(self):
        self.found, self.errors, self.missing = {}, [], len(SERVICES)
        self.complete = asyncio.get_running_loop().create_future()

    def note(self, name, task):
        if task.exception() is None:
            self.found[name] = task.result()
        else:
            self.found[name] = None
            self.errors.append(name)
        self.missing -= 1
        if not self.missing and not self.complete.done():
            self.complete.set_result({**self.found, "errors": self.errors})


async def ask(client, name):
    response = await client.get(name)
    return response.raise_for_status().json()


@router.get("/dashboard")
async def read_dashboard(request: Request):
    page, tasks = Page(), []
    for name in SERVICES:
        limited = asyncio.wait_for(ask(request.app.state.dashboard, name), settings.upstream_timeout_seconds)
        tasks.append(asyncio.create_task(limited))
        tasks[-1].add_done_callback(partial(page.note, name))
    return await page.complete
