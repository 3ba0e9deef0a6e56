# Right answer to 0.1, 1.1: a pydantic model with a literal type
"""The service: everything that a client can reach is put together here.

Start it with ``uvicorn app.main:app --reload`` and look at http://127.0.0.1:8000/docs.
"""

from typing import Literal

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel

from app.errors import unprocessable
from app.model import MODEL_VERSION
from app.routers import compare, predict


class Health(BaseModel):
    """The state of the process."""

    status: Literal["healthy"] = "healthy"


def create_app() -> FastAPI:
    """The whole application, new and independent of any other."""
    app = FastAPI(title="Serving Katas", version=MODEL_VERSION)
    app.add_exception_handler(RequestValidationError, unprocessable)
    app.include_router(predict.router)
    app.include_router(compare.router)

    @app.get("/health")
    def health() -> Health:
        """Whether this process can answer at all."""
        return Health()

    return app


app = create_app()
