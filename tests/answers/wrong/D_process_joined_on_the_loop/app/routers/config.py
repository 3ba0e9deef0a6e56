# Wrong answer to D: another process reads, and the coroutine waits for result().
# Rejected by: test_a_pipe_that_stays_silent_leaves_the_loop_free
# Because: The event loop stood at app/routers/config.py:\d+ .*result\(\)

import csv
import multiprocessing
from concurrent.futures import ProcessPoolExecutor

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


def load(path):
    with open(path, "rb") as file:
        return file.read()


@router.get("/config")
async def read_config() -> dict[str, str]:
    try:
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork")) as pool:
            data = pool.submit(load, settings.config_path).result()
        return parse(data.decode("utf-8").splitlines())
    except FileNotFoundError:
        raise HTTPException(404, "no config file")
    except ValueError as error:
        raise HTTPException(500, str(error))
