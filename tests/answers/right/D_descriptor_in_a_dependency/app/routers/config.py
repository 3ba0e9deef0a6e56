# Right answer to D: os.open and os.read, by a dependency that is a plain def.

import csv
import os

from fastapi import APIRouter, Depends, HTTPException
from fastapi.responses import JSONResponse

from app.settings import settings

router = APIRouter()


def parse(lines) -> dict[str, str]:
    rows = csv.reader(lines)
    if next(rows, None) != ["name", "value"]:
        raise ValueError("line 1 of the config file is not name,value")
    found = {}
    for row in rows:
        if len(row) != 2:
            raise ValueError(f"line {rows.line_num} of the config file has {len(row)} fields, not 2")
        found[row[0]] = row[1]
    return found


def content() -> bytes:
    try:
        descriptor = os.open(settings.config_path, os.O_RDONLY)
    except FileNotFoundError:
        raise HTTPException(404)
    try:
        parts = []
        while part := os.read(descriptor, 4096):
            parts.append(part)
        return b"".join(parts)
    finally:
        os.close(descriptor)


@router.get("/config")
async def read_config(data: bytes = Depends(content)):
    try:
        return parse(data.decode("utf-8").splitlines())
    except ValueError as error:
        return JSONResponse({"detail": f"the config file is malformed: {error}"}, 500)
