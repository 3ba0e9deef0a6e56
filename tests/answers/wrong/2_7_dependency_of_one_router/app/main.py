# Wrong answer to 2.7: a dependency of one router's routes
# Rejected by: test_requests_are_observed
# Because: GET /judge/compare/2 was answered with 200, and not observed.*app/routers/compare\.py
"""The service: everything that a client can reach is put together here.

Start it with ``uvicorn app.main:app --reload`` and look at http://127.0.0.1:8000/docs.
"""

import time
from collections.abc import AsyncIterator

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware

from app.errors import unprocessable
from app.model import MODEL_VERSION
from app.recorder import Recorder, route_label
from app.routers import cache, compare, config, dashboard, hashing, image, metrics, predict, tracking, users, weather
from app.settings import settings


async def observe(request: Request) -> AsyncIterator[None]:
    recorder = request.app.state.recorder
    began = time.perf_counter()
    recorder.enter()
    try:
        yield
    finally:
        recorder.leave()
        recorder.observe(request.method, route_label(request.scope), 200, time.perf_counter() - began)


def create_app() -> FastAPI:
    """The whole application, new and independent of any other."""
    app = FastAPI(title="Serving Katas", version=MODEL_VERSION)
    app.state.recorder = Recorder(settings.latency_samples)
    # A page of this other origin may read our answers. Its browser asks first, and is answered here: no route ever sees that.
    app.add_middleware(CORSMiddleware, allow_origins=["http://localhost:3000"], allow_methods=["GET", "POST"])

    app.add_exception_handler(RequestValidationError, unprocessable)
    for module in (predict, compare, users, weather, hashing, config, cache, image, tracking, dashboard, metrics):
        # With its lifespan: what a router opens when the service starts, it closes when the service stops.
        app.include_router(module.router, dependencies=[Depends(observe)] if module is predict else [])

    @app.get("/health")
    async def health() -> dict[str, str]:
        """Whether this process can answer at all."""
        return {"status": "healthy"}

    return app


app = create_app()
