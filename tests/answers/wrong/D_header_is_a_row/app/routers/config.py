# Wrong answer to D: the header is taken for a row.
# Rejected by: test_rows_become_an_object
# Because: name

import csv

from fastapi import APIRouter, HTTPException

from app.settings import settings

router = APIRouter()



@router.get("/config")
def read_config() -> dict[str, str]:
    try:
        with open(settings.config_path, encoding="utf-8", newline="") as file:
            return dict(csv.reader(file))
    except FileNotFoundError:
        raise HTTPException(404, "no config file")
    except ValueError as error:
        raise HTTPException(500, str(error))
