# Wrong answer to D: the file is read when the service starts.
# Rejected by: test_each_request_reads_the_file
# Because: was rewritten

import csv
from contextlib import asynccontextmanager

from fastapi import APIRouter, HTTPException, Request

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


@asynccontextmanager
async def lifespan(app):
    try:
        lines = settings.config_path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        lines = None
    yield {"config_lines": lines}


router = APIRouter(lifespan=lifespan)


@router.get("/config")
def read_config(request: Request) -> dict[str, str]:
    if request.state.config_lines is None:
        raise HTTPException(404, "no config file")
    try:
        return parse(request.state.config_lines)
    except ValueError as error:
        raise HTTPException(500, str(error))
