# Wrong answer to D: rows are sent as they are read, so the status is out before a malformed one comes.
# Rejected by: test_a_malformed_row_is_a_500_that_says_where
# Because: no valid answer.*not enough values to unpack.*app/routers/config\.py:\d+

import csv
import json

from fastapi import APIRouter, HTTPException
from fastapi.responses import StreamingResponse

from app.settings import settings

router = APIRouter()


def stream(file):
    with file:
        rows = csv.reader(file, strict=True)
        next(rows, None)
        yield "{"
        for number, (name, value) in enumerate(rows):
            yield ("," if number else "") + json.dumps(name) + ":" + json.dumps(value)
        yield "}"


@router.get("/config")
def read_config():
    try:
        file = open(settings.config_path, encoding="utf-8", newline="")
    except FileNotFoundError:
        raise HTTPException(404, "no file")
    return StreamingResponse(stream(file), media_type="application/json")
