# Right answer to 0.1, 1.1: a subclass of FastAPI, with a catch-all error handler
"""The service: everything that a client can reach is put together here.

Start it with ``uvicorn app.main:app --reload`` and look at http://127.0.0.1:8000/docs.
"""

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from app.errors import unprocessable
from app.model import MODEL_VERSION
from app.routers import compare, predict


class Service(FastAPI):
    """An application that answers every error as JSON."""


async def failed(request: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"detail": type(error).__name__}, status_code=500)


def create_app() -> FastAPI:
    """The whole application, new and independent of any other."""
    app = Service(title="Serving Katas", version=MODEL_VERSION)
    app.add_exception_handler(Exception, failed)
    app.add_exception_handler(RequestValidationError, unprocessable)
    app.include_router(predict.router)
    app.include_router(compare.router)

    @app.get("/health")
    async def health() -> dict[str, str]:
        """Whether this process can answer at all."""
        return {"status": "healthy"}

    return app


app = create_app()
