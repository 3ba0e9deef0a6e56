# Wrong answer to D: the first reading is kept by lru_cache.
# Rejected by: test_each_request_reads_the_file
# Because: was rewritten

import csv
from functools import lru_cache

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


@lru_cache
def load():
    with open(settings.config_path, encoding="utf-8", newline="") as file:
        return parse(file)


@router.get("/config")
def read_config() -> dict[str, str]:
    try:
        return load()
    except FileNotFoundError:
        raise HTTPException(404, "no config file")
    except ValueError as error:
        raise HTTPException(500, str(error))
