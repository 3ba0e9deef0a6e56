"""The service: everything that a client can reach is put together here.

Start it with ``uvicorn app.main:app --reload`` and look at http://127.0.0.1:8000/docs.
"""

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware

from app.errors import unprocessable
from app.model import MODEL_VERSION
from app.recorder import Recorder
from app.routers import cache, compare, config, dashboard, hashing, image, metrics, predict, tracking, users, weather
from app.routers import health as health_checks
from app.settings import settings


def create_app() -> FastAPI:
    """The whole application, new and independent of any other."""
    app = FastAPI(title="Serving Katas", version=MODEL_VERSION)
    app.state.recorder = Recorder(settings.latency_samples)
    # TODO 2.7: nobody counts or times the requests, so /metrics has nothing to show.
    # Goal: app.middleware's TimingMiddleware is outermost, exactly once, and tells app.state.recorder.
    # Tool: app.add_middleware(). Read in Starlette's documentation which of two middlewares is the outer one.

    if settings.profile:
        # Imported here: nobody needs them who hasn't chosen a profile.
        from app.limits import Profiled
        from app.tuning import PROFILES

        app.add_middleware(Profiled, profile=PROFILES[settings.profile])

    # A page of this other origin may read our answers. Its browser asks first, and is answered here: no route ever sees that.
    app.add_middleware(CORSMiddleware, allow_origins=["http://localhost:3000"], allow_methods=["GET", "POST"])

    app.add_exception_handler(RequestValidationError, unprocessable)
    for module in (predict, compare, users, weather, hashing, config, cache, image, tracking, dashboard, metrics, health_checks):
        # With its lifespan: what a router opens when the service starts, it closes when the service stops.
        app.include_router(module.router)

    @app.get("/health")
    def health() -> dict[str, str]:
        """Whether this process can answer at all."""
        # TODO 1.1: a load balancer that asks GET /health gets a 500 and sends no traffic here.
        # Goal: 200 with the JSON body {"status": "healthy"}.
        # Tool: what an endpoint returns is what FastAPI sends, as JSON.
        raise NotImplementedError("1.1: /health has no answer yet")

    return app


app = create_app()
