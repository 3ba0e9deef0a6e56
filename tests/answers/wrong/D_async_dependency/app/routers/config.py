# Wrong answer to D: the endpoint is a def, but the dependency that reads is an async def.
# Rejected by: test_requests_wait_together
# Because: The event loop stood at app/routers/config.py:\d+ .*read_bytes\(\)

import csv

from fastapi import APIRouter, Depends, HTTPException

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


async def lines():
    try:
        return settings.config_path.read_bytes().decode().splitlines()
    except FileNotFoundError:
        raise HTTPException(404)
    except UnicodeDecodeError:
        raise HTTPException(500, "the config file is not UTF-8")


@router.get("/config")
def read_config(lines: list = Depends(lines)) -> dict[str, str]:
    try:
        return parse(lines)
    except ValueError as error:
        raise HTTPException(500, str(error))
