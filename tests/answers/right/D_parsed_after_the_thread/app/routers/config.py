# Right answer to D: a thread copies the bytes with shutil; the coroutine decodes and parses what is in memory.

import csv
import io
import shutil

from fastapi import APIRouter, Depends, HTTPException
from starlette.concurrency import run_in_threadpool

from app.settings import settings

router = APIRouter()


def copied() -> bytes:
    memory = io.BytesIO()
    with open(settings.config_path, "rb", buffering=0) as file:
        shutil.copyfileobj(file, memory)
    return memory.getvalue()


async def text() -> str:
    try:
        return (await run_in_threadpool(copied)).decode()
    except FileNotFoundError as error:
        raise HTTPException(404, str(error)) from None
    except UnicodeError as error:
        raise HTTPException(500, {"problem": "encoding", "why": str(error)}) from None


@router.get("/config")
async def read_config(text: str = Depends(text)):
    header, *rows = [*csv.reader(text.splitlines())] or [[]]
    if header != ["name", "value"]:
        raise HTTPException(500, f"header is {','.join(header)!r}, expected 'name,value'")
    for row in rows:
        if len(row) != 2:
            raise HTTPException(500, f"bad row: {','.join(row)}")
    return dict(rows)
