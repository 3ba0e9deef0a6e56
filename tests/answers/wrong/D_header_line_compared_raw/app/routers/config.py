# Wrong answer to D: the first line is compared as it stands, with its line feed.
# Rejected by: test_rows_become_an_object
# Because: Its lines ended with

from fastapi import APIRouter, HTTPException

import csv

from app.settings import settings

router = APIRouter()


@router.get("/config")
def read_config() -> dict[str, str]:
    try:
        text = settings.config_path.read_bytes().decode()
    except FileNotFoundError:
        raise HTTPException(404, "no config") from None
    except UnicodeDecodeError:
        raise HTTPException(500, "the config is no UTF-8") from None
    head, *lines = text.split("\n")
    if head != "name,value":
        raise HTTPException(500, "the config has no header name,value")
    found = {}
    for number, row in enumerate(csv.reader(lines), 2):
        if not row:
            continue
        if len(row) != 2:
            raise HTTPException(500, f"line {number} is malformed: {row}")
        found[row[0]] = row[1]
    return found
