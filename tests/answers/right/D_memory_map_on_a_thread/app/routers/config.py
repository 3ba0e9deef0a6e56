# Right answer to D: the file is mapped into memory, on a thread.

import csv
import io
import mmap

from fastapi import APIRouter, HTTPException
from fastapi.concurrency import run_in_threadpool

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
    with open(settings.config_path, "rb") as file:
        if not file.seek(0, 2):
            raise ValueError("the config file is empty")
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            return mapped[:]


@router.get("/config")
async def read_config():
    try:
        data = await run_in_threadpool(load)
        return parse(io.TextIOWrapper(io.BytesIO(data), encoding="utf-8", newline=""))
    except FileNotFoundError:
        raise HTTPException(404, "no config file")
    except ValueError as error:
        raise HTTPException(500, str(error))
