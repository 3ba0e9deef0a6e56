# Right answer to D: an executor that the router opens and closes; bare functions, which carry no context.

import asyncio
import csv
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

from fastapi import APIRouter, HTTPException, Request

from app.settings import settings


@asynccontextmanager
async def lifespan(app):
    with ThreadPoolExecutor(max_workers=8) as executor:
        yield {"config_executor": executor}


router = APIRouter(lifespan=lifespan)


@router.get("/config")
async def read_config(request: Request):
    loop = asyncio.get_running_loop()
    try:
        data = await loop.run_in_executor(request.state.config_executor, settings.config_path.read_bytes)
    except OSError:
        raise HTTPException(404, "not found")
    try:
        rows = list(csv.reader(data.decode("utf-8").splitlines(), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise HTTPException(500, f"malformed: {error}")
    if not rows or rows[0] != ["name", "value"]:
        raise HTTPException(500, "malformed header")
    for number, row in enumerate(rows, 1):
        if len(row) != 2:
            raise HTTPException(500, f"malformed row: {','.join(row)}")
    return dict(rows[1:])
