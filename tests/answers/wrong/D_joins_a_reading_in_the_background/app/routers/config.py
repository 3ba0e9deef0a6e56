# Wrong answer to D: one thread reads the file all the time, and requests wait for its next reading.
# Rejected by: test_requests_wait_together
# Because: 1 waited, 3 others had to wait

import asyncio
import csv
import threading
import time
from contextlib import asynccontextmanager

from fastapi import APIRouter, HTTPException

from app.settings import settings

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


state = {"readings": 0}


def refresh():
    while True:
        try:
            with open(settings.config_path, encoding="utf-8", newline="") as file:
                state["found"] = parse(file)
        except (OSError, ValueError) as error:
            state["found"] = error
        state["readings"] += 1
        time.sleep(0.002)


@asynccontextmanager
async def lifespan(app):
    threading.Thread(target=refresh, daemon=True).start()
    yield


router = APIRouter(lifespan=lifespan)


@router.get("/config")
async def read_config() -> dict[str, str]:
    begun = state["readings"]
    while state["readings"] < begun + 2:  # the one that is under way may have read what is old
        await asyncio.sleep(0.002)
    found = state["found"]
    if isinstance(found, OSError):
        raise HTTPException(404, "no config file")
    if isinstance(found, ValueError):
        raise HTTPException(500, str(found))
    return found
