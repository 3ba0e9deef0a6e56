# Wrong answer to D: a row whose value is empty is refused.
# Rejected by: test_rows_become_an_object
# Because: answered 500, expected 200

import csv

from fastapi import APIRouter, HTTPException

from app.settings import settings

router = APIRouter()



@router.get("/config")
def read_config() -> dict[str, str]:
    try:
        with open(settings.config_path, encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            result = {}
            for row in reader:
                if not row.get("name") or not row.get("value") or None in row:
                    raise HTTPException(500, f"line {reader.line_num} is malformed")
                result[row["name"]] = row["value"]
            return result
    except FileNotFoundError:
        raise HTTPException(404, "no config file")
    except ValueError as error:
        raise HTTPException(500, str(error))
