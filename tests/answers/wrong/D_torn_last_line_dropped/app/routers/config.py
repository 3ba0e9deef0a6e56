# Wrong answer to D: what the last line lacks, somebody is taken to be writing still.
# Rejected by: test_a_malformed_row_is_a_500_that_says_where
# Because: Line \d+ of the file is `torn_

import csv

from fastapi import APIRouter, HTTPException

from app.settings import settings

router = APIRouter()


@router.get("/config")
def read_config() -> dict[str, str]:
    try:
        with open(settings.config_path, encoding="utf-8", newline="") as file:
            header, *rows = list(csv.reader(file)) or [[]]
    except FileNotFoundError as error:
        raise HTTPException(404, "there is no config file") from error
    except UnicodeDecodeError as error:
        raise HTTPException(500, f"the config file is no UTF-8: {error}") from error
    if header != ["name", "value"]:
        raise HTTPException(500, f"line 1 should be name,value, and is {header}")
    if rows and len(rows[-1]) != 2:
        rows.pop()
    for number, row in enumerate(rows, 2):
        if len(row) != 2:
            raise HTTPException(500, f"line {number} should have 2 fields: {row}")
    return dict(rows)
