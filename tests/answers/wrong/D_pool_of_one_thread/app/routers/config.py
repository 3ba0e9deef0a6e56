# Wrong answer to D: one thread reads for everybody.
# Rejected by: test_requests_wait_together
# Because: a pool of 1 thread: the others queue

import asyncio
import csv
from concurrent.futures import ThreadPoolExecutor

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


reader = ThreadPoolExecutor(max_workers=1)


@router.get("/config")
async def read_config() -> dict[str, str]:
    loop = asyncio.get_running_loop()
    try:
        return parse((await loop.run_in_executor(reader, settings.config_path.read_text, "utf-8")).splitlines())
    except FileNotFoundError:
        raise HTTPException(404, "no config file")
    except ValueError as error:
        raise HTTPException(500, str(error))
