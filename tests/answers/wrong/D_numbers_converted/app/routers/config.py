# Wrong answer to D: values that look like numbers become numbers.
# Rejected by: test_rows_become_an_object
# Because: '0?\d+' and the answer \d+

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


def typed(value):
    try:
        return int(value)
    except ValueError:
        return value


@router.get("/config")
def read_config() -> dict:
    try:
        with open(settings.config_path, encoding="utf-8") as file:
            return {name: typed(value) for name, value in parse(file).items()}
    except FileNotFoundError:
        raise HTTPException(404, "no config file")
    except ValueError as error:
        raise HTTPException(500, str(error))
