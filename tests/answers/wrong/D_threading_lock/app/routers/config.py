# Wrong answer to D: a threading.Lock around the reading, in a def.
# Rejected by: test_requests_wait_together
# Because: 1 waited, 3 others had to wait for them first.*config.py:\d+: with lock

import csv
import threading

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


lock = threading.Lock()


@router.get("/config")
def read_config() -> dict[str, str]:
    try:
        with lock, open(settings.config_path, encoding="utf-8") as file:
            return parse(file)
    except FileNotFoundError:
        raise HTTPException(404, "no config file")
    except ValueError as error:
        raise HTTPException(500, str(error))
