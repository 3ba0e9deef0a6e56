# Right answer to 1.1: the body is streamed in two parts, and its content type says utf-8
"""The service: everything that a client can reach is put together here.

Start it with ``uvicorn app.main:app --reload`` and look at http://127.0.0.1:8000/docs.
"""

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.responses import StreamingResponse

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
    def health() -> StreamingResponse:
        """Whether this process can answer at all."""
        return StreamingResponse(iter([b'{"status":', b' "healthy"}']), media_type="application/json; charset=utf-8")

    return app


app = create_app()
