# Wrong answer to D: os.popen in an async def.
# Rejected by: test_requests_wait_together
# Because: The event loop stood at app/routers/config.py:\d+ .*os.popen

import csv
import os

from fastapi import APIRouter, HTTPException

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


@router.get("/config")
async def read_config() -> dict[str, str]:
    if not settings.config_path.exists():
        raise HTTPException(404, "no config file")
    try:
        with os.popen(f"cat '{settings.config_path}'") as shell:
            return parse(shell.read().splitlines())
    except ValueError as error:
        raise HTTPException(500, str(error))
