# Wrong answer to D: bytes that are no UTF-8 are replaced by question marks.
# Rejected by: test_a_file_that_is_no_such_table_is_a_500_that_says_so
# Because: answered 200, expected 500

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
        with open(settings.config_path, encoding="utf-8", errors="replace", newline="") as file:
            return parse(file)
    except FileNotFoundError:
        raise HTTPException(404, "no config file")
    except ValueError as error:
        raise HTTPException(500, str(error))
