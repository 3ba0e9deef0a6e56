# Right answer to D: a thread of its own for each request, which sets a future of the loop.

import asyncio
import csv
import threading

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from app.settings import settings

router = APIRouter()


def on_a_thread(function):
    loop = asyncio.get_running_loop()
    future = loop.create_future()

    def run():
        try:
            result, error = function(), None
        except Exception as raised:
            result, error = None, raised
        if error is None:
            loop.call_soon_threadsafe(future.set_result, result)
        else:
            loop.call_soon_threadsafe(future.set_exception, error)

    threading.Thread(target=run, daemon=True).start()
    return future


def load():
    table = {}
    with settings.config_path.open("r", encoding="utf-8", errors="strict", newline="") as file:
        reader = csv.reader(file)
        for number, fields in enumerate(reader, 1):
            if number == 1:
                if fields != ["name", "value"]:
                    raise ValueError("the header must be name,value")
            elif len(fields) == 2:
                table[fields[0]] = fields[1]
            else:
                raise ValueError(f"line {number}: {len(fields)} fields")
        if not reader.line_num:
            raise ValueError("the file is empty")
    return table


@router.get("/config")
async def read_config():
    try:
        return JSONResponse(await on_a_thread(load))
    except FileNotFoundError:
        return JSONResponse({"detail": "not there"}, 404)
    except ValueError as error:
        return JSONResponse({"detail": f"bad file: {error}"}, 500)
