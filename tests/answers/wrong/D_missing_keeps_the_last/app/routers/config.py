# Wrong answer to D: while the file is missing the last answer is repeated.
# Rejected by: test_a_missing_file_is_not_found
# Because: answered 200, expected 404

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


last = None


@router.get("/config")
def read_config() -> dict[str, str]:
    global last
    try:
        with open(settings.config_path, encoding="utf-8") as file:
            last = parse(file)
    except FileNotFoundError:
        if last is None:
            raise HTTPException(404, "no config file")
    except ValueError as error:
        raise HTTPException(500, str(error))
    return last
