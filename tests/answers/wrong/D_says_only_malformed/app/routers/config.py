# Wrong answer to D: the detail doesn't say which row.
# Rejected by: test_a_malformed_row_is_a_500_that_says_where
# Because: line \d+

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
def read_config() -> dict[str, str]:
    try:
        with open(settings.config_path, encoding="utf-8", newline="") as file:
            return parse(file)
    except FileNotFoundError:
        raise HTTPException(404)
    except ValueError:
        raise HTTPException(500, "the config file is malformed")
