# Wrong answer to D: an async def that calls a plain helper, which reads the file with csv.
# Rejected by: test_requests_wait_together
# Because: The event loop stood at app/routers/config.py:\d+ .*with settings.config_path.open

import csv

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


def load():
    with settings.config_path.open(newline="") as file:
        return parse(file)


@router.get("/config")
async def read_config() -> dict[str, str]:
    try:
        return load()
    except FileNotFoundError:
        raise HTTPException(404, "no config file")
    except ValueError as error:
        raise HTTPException(500, str(error))
