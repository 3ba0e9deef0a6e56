# Wrong answer to D: a thread reads the file every now and then, and requests get what it found last.
# Rejected by: test_each_request_reads_the_file
# Because: was rewritten

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


state = {}


def refresh():
    while True:
        try:
            with open(settings.config_path, encoding="utf-8", newline="") as file:
                state["found"] = parse(file)
        except (OSError, ValueError) as error:
            state["found"] = error
        time.sleep(10)


@asynccontextmanager
async def lifespan(app):
    threading.Thread(target=refresh, daemon=True).start()
    yield


router = APIRouter(lifespan=lifespan)


@router.get("/config")
async def read_config() -> dict[str, str]:
    while "found" not in state:
        await asyncio.sleep(0.002)
    found = state["found"]
    if isinstance(found, OSError):
        raise HTTPException(404, "no config file")
    if isinstance(found, ValueError):
        raise HTTPException(500, str(found))
    return found
