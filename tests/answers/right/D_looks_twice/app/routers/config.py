# Right answer to D: a def that sniffs at the file, goes back to its beginning and reads on.

import csv
import os

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
def read_config():
    path = settings.config_path
    if not os.path.isfile(path) or not os.access(path, os.R_OK):
        raise HTTPException(404, "no config file")
    if os.stat(path).st_size == 0:
        raise HTTPException(500, "the config file is empty")
    try:
        with path.open(encoding="utf-8") as file:
            if not file.read(64).startswith("name,value"):
                raise HTTPException(500, "malformed config file: the header is missing")
            file.seek(0)
            return parse(file)
    except FileNotFoundError:
        raise HTTPException(404, "no config file")
    except ValueError as error:
        raise HTTPException(500, str(error))
