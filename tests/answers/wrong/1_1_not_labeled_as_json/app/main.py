# Wrong answer to 1.1: the body is JSON, but its content type says HTML.
# Rejected by: test_health_is_healthy
# Because: The body came as text/html; charset=utf-8, not as application/json
"""The service: everything that a client can reach is put together here.

Start it with ``uvicorn app.main:app --reload`` and look at http://127.0.0.1:8000/docs.
"""

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse

from app.errors import unprocessable
from app.model import MODEL_VERSION
from app.routers import compare, predict


def create_app() -> FastAPI:
    """The whole application, new and independent of any other."""
    app = FastAPI(title="Serving Katas", version=MODEL_VERSION)
    app.add_exception_handler(RequestValidationError, unprocessable)
    app.include_router(predict.router)
    app.include_router(compare.router)

    @app.get("/health", response_class=HTMLResponse)
    async def health() -> str:
        """Whether this process can answer at all."""
        return '{"status": "healthy"}'

    return app


app = create_app()
