# Right answer to D: a dependency with yield opens and closes the file; the endpoint is a def.

import csv

from fastapi import APIRouter, Depends, HTTPException

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


def opened():
    try:
        file = settings.config_path.open("r", encoding="utf-8", newline="")
    except FileNotFoundError as error:
        raise HTTPException(404, str(error))
    with file:
        yield file


@router.get("/config")
def read_config(file=Depends(opened)):
    try:
        return parse(file)
    except ValueError as error:
        raise HTTPException(500, f"malformed: {error}")
