"""Answers to requests that can't be taken.

Given complete. FastAPI's own 422 repeats the input that it refuses, and fails with a 500 when
that input is a NaN or an infinity, which JSON can't hold. This one leaves the input out.
"""

from fastapi import Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse


async def unprocessable(request: Request, error: Exception) -> JSONResponse:
    """A 422 that says for each mistake where it is (``loc``), its kind and its message."""
    assert isinstance(error, RequestValidationError)
    detail = [{key: each[key] for key in ("type", "loc", "msg")} for each in error.errors()]
    return JSONResponse({"detail": jsonable_encoder(detail)}, status_code=422)
