# Right answer to D: async def that hands a helper to a thread, after a look whether the file is there.

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


def load():
    with open(settings.config_path, newline="", encoding="utf-8") as file:
        return parse(file)


@router.get("/config")
async def read_config() -> dict[str, str]:
    if not settings.config_path.is_file():
        raise HTTPException(404, "no config file")
    try:
        return await asyncio.to_thread(load)
    except FileNotFoundError:
        raise HTTPException(404, "no config file")
    except ValueError as error:
        raise HTTPException(500, str(error))
