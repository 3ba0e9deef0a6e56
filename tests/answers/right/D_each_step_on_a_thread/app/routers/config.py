# Right answer to D: opened, read and closed by a thread, each awaited.

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


@router.get("/config")
async def read_config() -> dict[str, str]:
    try:
        file = await asyncio.to_thread(open, settings.config_path, encoding="utf-8")
        try:
            lines = await asyncio.to_thread(file.readlines)
        finally:
            await asyncio.to_thread(file.close)
        return parse(lines)
    except FileNotFoundError:
        raise HTTPException(404, "no config file")
    except ValueError as error:
        raise HTTPException(500, str(error))
