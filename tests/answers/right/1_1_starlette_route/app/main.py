# Right answer to 0.1, 1.1: Starlette's own route, which answers HEAD as well, as HTTP asks
"""The service: everything that a client can reach is put together here.

Start it with ``uvicorn app.main:app --reload`` and look at http://127.0.0.1:8000/docs.
"""

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from app.errors import unprocessable
from app.model import MODEL_VERSION
from app.routers import compare, predict


async def health(request: Request) -> JSONResponse:
    """Whether this process can answer at all."""
    return JSONResponse({"status": "healthy"})


def create_app() -> FastAPI:
    """The whole application, new and independent of any other."""
    app = FastAPI(title="Serving Katas", version=MODEL_VERSION)
    app.add_exception_handler(RequestValidationError, unprocessable)
    app.include_router(predict.router)
    app.include_router(compare.router)

    app.add_route("/health", health, methods=["GET"])

    return app


app = create_app()
