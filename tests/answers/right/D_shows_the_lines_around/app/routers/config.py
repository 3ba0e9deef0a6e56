# Right answer to D: the detail shows the malformed line between the one before it and the one after.

import asyncio
import csv

from fastapi import APIRouter, HTTPException

from app.settings import settings

router = APIRouter()


def load() -> dict[str, str]:
    lines = settings.config_path.read_text(encoding="utf-8").splitlines()
    if not lines or lines[0] != "name,value":
        raise ValueError(f"the first line is not name,value: {lines[:1]}")
    found = {}
    for number, row in enumerate(csv.reader(lines[1:]), 2):
        if len(row) != 2:
            raise ValueError(f"line {number}, marked by >, has not 2 fields: {lines[number - 2]!r} > {lines[number - 1]!r} {lines[number:number + 1]}")
        found[row[0]] = row[1]
    return found


@router.get("/config")
async def read_config() -> dict[str, str]:
    try:
        return await asyncio.to_thread(load)
    except FileNotFoundError as error:
        raise HTTPException(404, "no config") from error
    except ValueError as error:
        raise HTTPException(500, str(error)) from error
