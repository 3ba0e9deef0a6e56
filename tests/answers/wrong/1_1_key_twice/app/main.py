# Wrong answer to 1.1: the body is glued together and has the key twice.
# Rejected by: test_health_is_healthy
# Because: "status" stands in it 2 times
"""The service: everything that a client can reach is put together here.

Start it with ``uvicorn app.main:app --reload`` and look at http://127.0.0.1:8000/docs.
"""

from fastapi import FastAPI, Response
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

    @app.get("/health")
    async def health() -> Response:
        """Whether this process can answer at all."""
        return Response('{"status": "starting", "status": "healthy"}', media_type="application/json")

    return app


app = create_app()
