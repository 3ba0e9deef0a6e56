# Wrong answer to 1.1: an iterator runs out: only the first request hears that it is healthy.
# Rejected by: test_health_is_healthy
# Because: The body was \{"status":"unhealthy"\}
"""The service: everything that a client can reach is put together here.

Start it with ``uvicorn app.main:app --reload`` and look at http://127.0.0.1:8000/docs.
"""

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError

from app.errors import unprocessable
from app.model import MODEL_VERSION
from app.routers import cache, compare, config, dashboard, hashing, image, predict, tracking, users, weather


def create_app() -> FastAPI:
    """The whole application, new and independent of any other."""
    app = FastAPI(title="Serving Katas", version=MODEL_VERSION)
    app.add_exception_handler(RequestValidationError, unprocessable)
    for module in (predict, compare, users, weather, hashing, config, cache, image, tracking, dashboard):
        # With its lifespan: what a router opens when the service starts, it closes when the service stops.
        app.include_router(module.router)

    states = iter(["healthy"])

    @app.get("/health")
    def health() -> dict[str, str]:
        """Whether this process can answer at all."""
        return {"status": next(states, "unhealthy")}

    return app


app = create_app()
