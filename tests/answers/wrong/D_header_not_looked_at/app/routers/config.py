# Wrong answer to D: whatever the first line says is skipped.
# Rejected by: test_a_file_that_is_no_such_table_is_a_500_that_says_so
# Because: answered 200, expected 500

import csv

from fastapi import APIRouter, HTTPException

from app.settings import settings

router = APIRouter()



@router.get("/config")
def read_config() -> dict[str, str]:
    try:
        with open(settings.config_path, encoding="utf-8", newline="") as file:
            rows = csv.reader(file)
            next(rows, None)
            result = {}
            for row in rows:
                if len(row) != 2:
                    raise ValueError(f"line {rows.line_num} has {len(row)} fields")
                result[row[0]] = row[1]
            return result
    except FileNotFoundError:
        raise HTTPException(404, "no config file")
    except ValueError as error:
        raise HTTPException(500, str(error))
