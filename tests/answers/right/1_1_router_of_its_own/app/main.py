# Right answer to 0.1, 1.1: a router, made in the same file
"""The service: everything that a client can reach is put together here.

Start it with ``uvicorn app.main:app --reload`` and look at http://127.0.0.1:8000/docs.
"""

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError

from app.errors import unprocessable
from app.model import MODEL_VERSION
from app.routers import compare, predict

router = APIRouter(tags=["operations"])


@router.get("/health", summary="Health")
def health() -> dict[str, str]:
    """Whether this process can answer at all."""
    return dict(status="healthy")


def create_app() -> FastAPI:
    """The whole application, new and independent of any other."""
    app = FastAPI(title="Serving Katas", version=MODEL_VERSION)
    app.add_exception_handler(RequestValidationError, unprocessable)
    app.include_router(predict.router)
    app.include_router(compare.router)

    app.include_router(router)

    return app


app = create_app()
