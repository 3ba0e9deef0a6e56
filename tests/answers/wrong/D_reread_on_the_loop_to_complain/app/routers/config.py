# Wrong answer to D: to show a malformed line, the coroutine reads the file once more.
# Rejected by: test_a_malformed_row_is_a_500_that_says_where
# Because: waited on the event loop's own thread, at app/routers/config\.py:\d+: raise HTTPException

import asyncio
import csv
import linecache

from fastapi import APIRouter, HTTPException

from app.settings import settings

router = APIRouter()



def load():
    found, lines = {}, settings.config_path.read_text(encoding="utf-8").splitlines()
    if not lines or lines[0] != "name,value":
        raise ValueError("line 1 of the config file is not name,value")
    for number, row in enumerate(csv.reader(lines[1:]), 2):
        if len(row) != 2:
            return number
        found[row[0]] = row[1]
    return found


@router.get("/config")
async def read_config():
    try:
        found = await asyncio.to_thread(load)
    except FileNotFoundError:
        raise HTTPException(404, "no config file")
    except ValueError as error:
        raise HTTPException(500, str(error))
    if isinstance(found, int):
        linecache.clearcache()
        raise HTTPException(500, f"line {found} is malformed: {linecache.getline(str(settings.config_path), found)}")
    return found
