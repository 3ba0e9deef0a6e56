# Wrong answer to D: one object for all requests, made anew at the begin of each.
# Rejected by: test_an_answer_is_of_one_file
# Because: Each file has 1200 rows
# Because: Both filled the same object

import csv

from fastapi import APIRouter, HTTPException

from app.settings import settings

router = APIRouter()

config: dict[str, str] = {}


@router.get("/config")
def read_config() -> dict[str, str]:
    global config
    config = {}
    try:
        with open(settings.config_path, encoding="utf-8", newline="") as file:
            rows = csv.reader(file)
            if next(rows, None) != ["name", "value"]:
                raise ValueError("line 1 is not name,value")
            for row in rows:
                if len(row) != 2:
                    raise ValueError(f"line {rows.line_num} has {len(row)} fields")
                config[row[0]] = row[1]
        return config
    except FileNotFoundError as error:
        raise HTTPException(404, "there is no config file") from error
    except ValueError as error:
        raise HTTPException(500, str(error)) from error
