# Wrong answer to 2.7: a middleware of its own instead of the one that was made for it
# Rejected by: test_it_is_outermost
# Because: TimingMiddleware of app/middleware\.py was never called
"""The service: everything that a client can reach is put together here.

Start it with ``uvicorn app.main:app --reload`` and look at http://127.0.0.1:8000/docs.
"""

import time
from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware

from app.errors import unprocessable
from app.model import MODEL_VERSION
from app.recorder import Recorder, route_label
from app.routers import cache, compare, config, dashboard, hashing, image, metrics, predict, tracking, users, weather
from app.settings import settings


def create_app() -> FastAPI:
    """The whole application, new and independent of any other."""
    app = FastAPI(title="Serving Katas", version=MODEL_VERSION)
    app.state.recorder = Recorder(settings.latency_samples)
    # A page of this other origin may read our answers. Its browser asks first, and is answered here: no route ever sees that.
    app.add_middleware(CORSMiddleware, allow_origins=["http://localhost:3000"], allow_methods=["GET", "POST"])

    @app.middleware("http")
    async def timing(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        recorder, began, status = app.state.recorder, time.perf_counter(), 500
        recorder.enter()
        try:
            response = await call_next(request)
            status = response.status_code
            response.headers["x-process-time"] = f"{time.perf_counter() - began:.6f}"
            return response
        finally:
            recorder.leave()
            recorder.observe(request.method, route_label(request.scope), status, time.perf_counter() - began)

    app.add_exception_handler(RequestValidationError, unprocessable)
    for module in (predict, compare, users, weather, hashing, config, cache, image, tracking, dashboard, metrics):
        # With its lifespan: what a router opens when the service starts, it closes when the service stops.
        app.include_router(module.router)

    @app.get("/health")
    async def health() -> dict[str, str]:
        """Whether this process can answer at all."""
        return {"status": "healthy"}

    return app


app = create_app()
