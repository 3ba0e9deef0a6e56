# Wrong answer to D: bytes that are no UTF-8 are an exception that nobody handles.
# Rejected by: test_a_file_that_is_no_such_table_is_a_500_that_says_so
# Because: without JSON.*UnicodeDecodeError

import csv

from fastapi import APIRouter, HTTPException

from app.settings import settings

router = APIRouter()



class Malformed(Exception):
    pass


@router.get("/config")
def read_config() -> dict[str, str]:
    try:
        with open(settings.config_path, encoding="utf-8", newline="") as file:
            rows = csv.reader(file)
            if next(rows, None) != ["name", "value"]:
                raise Malformed("line 1 is not name,value")
            result = {}
            for row in rows:
                if len(row) != 2:
                    raise Malformed(f"line {rows.line_num} has {len(row)} fields")
                result[row[0]] = row[1]
            return result
    except FileNotFoundError:
        raise HTTPException(404)
    except Malformed as error:
        raise HTTPException(500, str(error))
