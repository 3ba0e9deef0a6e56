# Wrong answer to D: a row without its value is a null.
# Rejected by: test_a_malformed_row_is_a_500_that_says_where
# Because: answered 200, expected 500

import csv

from fastapi import APIRouter, HTTPException

from app.settings import settings

router = APIRouter()



@router.get("/config")
def read_config():
    try:
        with open(settings.config_path, encoding="utf-8", newline="") as file:
            return {row["name"]: row["value"] for row in csv.DictReader(file)}
    except FileNotFoundError:
        raise HTTPException(404, "no config file")
    except ValueError as error:
        raise HTTPException(500, str(error))
