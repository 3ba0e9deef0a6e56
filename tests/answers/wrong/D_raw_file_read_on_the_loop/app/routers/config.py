# Wrong answer to D: a thread makes an io.FileIO, and the coroutine reads it.
# Rejected by: test_a_pipe_that_stays_silent_leaves_the_loop_free
# Because: The event loop stood at app/routers/config.py:\d+ .*data = raw.readall\(\)

import asyncio
import csv
import io

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
    try:
        raw = await asyncio.to_thread(io.FileIO, settings.config_path)
        with raw:
            data = raw.readall()
        return parse(data.decode("utf-8").splitlines())
    except FileNotFoundError:
        raise HTTPException(404, "no config file")
    except ValueError as error:
        raise HTTPException(500, str(error))
