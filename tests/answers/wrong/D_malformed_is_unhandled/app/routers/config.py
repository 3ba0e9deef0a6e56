# Wrong answer to D: a malformed row is an exception that nobody handles.
# Rejected by: test_a_malformed_row_is_a_500_that_says_where
# Because: without JSON.*(not enough|too many) values to unpack

import csv

from fastapi import APIRouter, HTTPException

from app.settings import settings

router = APIRouter()



@router.get("/config")
def read_config() -> dict[str, str]:
    try:
        with open(settings.config_path, encoding="utf-8", newline="") as file:
            rows = csv.reader(file)
            next(rows)
            return {name: value for name, value in rows}
    except FileNotFoundError:
        raise HTTPException(404)
