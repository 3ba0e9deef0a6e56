# Wrong answer to 0.1: it can be imported, but its startup raises.
# Rejected by: test_the_service_starts_and_answers
# Because: app/main\.py:25\b
# Because: weights\.bin
"""The service: everything that a client can reach is put together here.

Start it with ``uvicorn app.main:app --reload`` and look at http://127.0.0.1:8000/docs.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError

from app.errors import unprocessable
from app.model import MODEL_VERSION
from app.routers import compare, predict


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Loads the model's weights."""
    Path("/models/weights.bin").read_bytes()
    yield


def create_app() -> FastAPI:
    """The whole application, new and independent of any other."""
    app = FastAPI(title="Serving Katas", version=MODEL_VERSION, lifespan=lifespan)
    app.add_exception_handler(RequestValidationError, unprocessable)
    app.include_router(predict.router)
    app.include_router(compare.router)

    @app.get("/health")
    async def health() -> dict[str, str]:
        """Whether this process can answer at all."""
        return {"status": "healthy"}

    return app


app = create_app()
