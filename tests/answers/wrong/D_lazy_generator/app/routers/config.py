# Wrong answer to D: a thread calls a generator function, which reads only when the coroutine asks for its rows.
# Rejected by: test_requests_wait_together
# Because: The event loop stood at app/routers/config.py:\d+ .*with open

import asyncio
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


def rows():
    with open(settings.config_path, encoding="utf-8", newline="") as file:
        yield from parse(file).items()


@router.get("/config")
async def read_config() -> dict[str, str]:
    try:
        return dict(await asyncio.to_thread(rows))
    except FileNotFoundError:
        raise HTTPException(404, "no config file")
    except ValueError as error:
        raise HTTPException(500, str(error))
