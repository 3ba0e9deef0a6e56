# Wrong answer to D: what stands behind the last line feed is taken for nothing.
# Rejected by: test_rows_become_an_object
# Because: is a name in the file only.*stood no line feed

import csv

from fastapi import APIRouter, HTTPException

from app.settings import settings

router = APIRouter()


@router.get("/config")
def read_config() -> dict[str, str]:
    try:
        text = settings.config_path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise HTTPException(404, "no config") from None
    except UnicodeDecodeError:
        raise HTTPException(500, "the config is no UTF-8") from None
    head, *lines = text.split("\n")
    if head != "name,value":
        raise HTTPException(500, "the config has no header name,value")
    found = {}
    for number, row in enumerate(csv.reader(lines[:-1]), 2):
        if len(row) != 2:
            raise HTTPException(500, f"line {number} is malformed: {row}")
        found[row[0]] = row[1]
    return found
