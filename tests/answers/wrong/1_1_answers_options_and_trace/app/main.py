# Wrong answer to 1.1: a list of methods that was meant to be generous.
# Rejected by: test_health_takes_no_other_method
# Because: (OPTIONS|TRACE) /health answered 200: a health check is read, never written
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

    @app.api_route("/health", methods=["GET", "HEAD", "OPTIONS", "TRACE"])
    async def health() -> dict[str, str]:
        """Whether this process can answer at all."""
        return {"status": "healthy"}

    return app


app = create_app()
