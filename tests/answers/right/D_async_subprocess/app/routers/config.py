# Right answer to D: another program reads the file, and its output is awaited.

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
    process = await asyncio.create_subprocess_exec("cat", str(settings.config_path), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL)
    out, _ = await process.communicate()
    if process.returncode:
        raise HTTPException(404, "no config file")
    try:
        return parse(out.decode().splitlines())
    except ValueError as error:
        raise HTTPException(500, str(error))
