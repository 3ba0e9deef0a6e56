# Right answer to D: a def whose thread runs a loop of its own, on which another program's output is awaited.

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


async def load() -> str:
    process = await asyncio.create_subprocess_shell(f"cat '{settings.config_path}'", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE)
    out, problem = await process.communicate()
    if process.returncode:
        raise FileNotFoundError(problem.decode())
    return out.decode("utf-8")


@router.get("/config")
def read_config() -> dict[str, str]:
    try:
        return parse(asyncio.run(load()).splitlines())
    except FileNotFoundError:
        raise HTTPException(404, "no config file")
    except ValueError as error:
        raise HTTPException(500, str(error))
