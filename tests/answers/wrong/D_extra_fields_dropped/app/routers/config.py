# Wrong answer to D: csv.DictReader puts what is too much aside, and nobody looks.
# Rejected by: test_a_malformed_row_is_a_500_that_says_where
# Because: answered 200, expected 500

import csv

from fastapi import APIRouter, HTTPException

from app.settings import settings

router = APIRouter()



@router.get("/config")
def read_config() -> dict[str, str]:
    result = {}
    try:
        with open(settings.config_path, encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            for row in reader:
                if row["value"] is None:
                    raise HTTPException(500, f"line {reader.line_num} has no value")
                result[row["name"]] = row["value"]
    except FileNotFoundError:
        raise HTTPException(404)
    except (UnicodeDecodeError, KeyError):
        raise HTTPException(500, "malformed")
    return result
