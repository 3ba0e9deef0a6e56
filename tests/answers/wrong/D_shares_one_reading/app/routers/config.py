# Wrong answer to D: who comes while the file is read gets what that reading finds.
# Rejected by: test_requests_wait_together
# Because: 1 waited, 3 others had to wait

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


reading = None


@router.get("/config")
async def read_config() -> dict[str, str]:
    global reading
    if reading is None or reading.done():
        reading = asyncio.ensure_future(asyncio.to_thread(settings.config_path.read_text, "utf-8"))
    try:
        return parse((await asyncio.shield(reading)).splitlines())
    except FileNotFoundError:
        raise HTTPException(404, "no config file")
    except ValueError as error:
        raise HTTPException(500, str(error))
