"""Serves the learner's two models alone, so that exercise 1.2 can be judged over the wire before /predict exists."""

import json
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import TypeAdapter, ValidationError

from app.schemas import PredictRequest, PredictResponse

app = FastAPI()
#: As FastAPI takes it: for pydantic's models, and for its dataclasses.
RESPONSE = TypeAdapter[Any](PredictResponse)


def refused(errors: Any) -> Response:
    """A 422 without the input, which JSON may be unable to hold."""
    detail = [{"loc": [str(part) for part in e["loc"]], "msg": e["msg"]} for e in errors]
    return Response(json.dumps({"detail": detail}), 422, media_type="application/json")


@app.exception_handler(RequestValidationError)
async def unprocessable(request: Request, error: RequestValidationError) -> Response:
    return refused(error.errors())


@app.post("/request")
async def echo_request(request: PredictRequest) -> Response:
    fields = {name: getattr(request, name) for name in ("feature_1", "feature_2")}
    return Response(json.dumps(fields), media_type="application/json")


@app.post("/response")
async def echo_response(request: Request) -> Response:
    try:
        made = RESPONSE.validate_python(await request.json())
    except ValidationError as error:
        return refused(error.errors())
    return Response(RESPONSE.dump_json(made, by_alias=True), media_type="application/json")  # as FastAPI sends it
