# Right answer to D: csv.reader is made on the loop and stays a thread's: each step of it is made there.

import asyncio
import csv

from fastapi import APIRouter, HTTPException

from app.settings import settings

router = APIRouter()


async def rows():
    run = asyncio.to_thread
    file = await run(settings.config_path.open, encoding="utf-8", newline="")
    try:
        reader = csv.reader(file)
        while (row := await run(next, reader, None)) is not None:
            yield reader.line_num, row
    finally:
        await run(file.close)


@router.get("/config")
async def read_config():
    found, header = {}, None
    try:
        async for number, row in rows():
            if header is None:
                header = row
                if header != ["name", "value"]:
                    raise HTTPException(500, f"the header is {header}")
                continue
            if len(row) != 2:
                raise HTTPException(500, f"line {number} has {len(row)} fields")
            found[row[0]] = row[1]
    except FileNotFoundError:
        raise HTTPException(404, "no file") from None
    except (UnicodeError, csv.Error) as error:
        raise HTTPException(500, f"unreadable: {error}") from None
    if header is None:
        raise HTTPException(500, "the file is empty")
    return found
