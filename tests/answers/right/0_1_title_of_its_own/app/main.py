# Right answer to 0.1, 1.1: the service has a title and a description of its own.
"""The service: everything that a client can reach is put together here.

Start it with ``uvicorn app.main:app --reload`` and look at http://127.0.0.1:8000/docs.
"""

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware

from app.errors import unprocessable
from app.middleware import TimingMiddleware
from app.model import MODEL_VERSION
from app.recorder import Recorder
from app.routers import cache, compare, config, dashboard, hashing, image, metrics, predict, tracking, users, weather
from app.routers import health as health_checks
from app.settings import settings


def create_app() -> FastAPI:
    """The whole application, new and independent of any other."""
    app = FastAPI(title="Prediction service", description="What the katas taught me.", version=MODEL_VERSION)
    app.state.recorder = Recorder(settings.latency_samples)
    if settings.profile:
        # Imported here: nobody needs them who hasn't chosen a profile.
        from app.limits import Profiled
        from app.tuning import PROFILES

        app.add_middleware(Profiled, profile=PROFILES[settings.profile])

    # A page of this other origin may read our answers. Its browser asks first, and is answered here: no route ever sees that.
    app.add_middleware(CORSMiddleware, allow_origins=["http://localhost:3000"], allow_methods=["GET", "POST"])
    # Last, as each add_middleware() goes around those before it: what another one answers by itself is a request as well. Only
    # the framework's handler of errors stays outside, so this sees the exceptions of which that makes a 500.
    app.add_middleware(TimingMiddleware, recorder=app.state.recorder)

    app.add_exception_handler(RequestValidationError, unprocessable)
    for module in (predict, compare, users, weather, hashing, config, cache, image, tracking, dashboard, metrics, health_checks):
        # With its lifespan: what a router opens when the service starts, it closes when the service stops.
        app.include_router(module.router)

    # `async def`, because it waits for nothing: it runs on the event loop itself and needs no
    # thread of the pool, so it answers even while every one of them is busy.
    @app.get("/health")
    async def health() -> dict[str, str]:
        """Whether this process can answer at all."""
        return {"status": "healthy"}

    return app


app = create_app()
