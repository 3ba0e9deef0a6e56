# Wrong answer to D: the file is read when the module is imported.
# Rejected by: test_each_request_reads_the_file
# Because: was rewritten

import csv

from fastapi import APIRouter, HTTPException

from app.settings import settings

router = APIRouter()


def parse(lines) -> dict[str, str]:
    rows = csv.reader(lines)
    if next(rows, None) != ["name", "value"]:
        raise ValueError("line 1 of the config file is not name,value")
    found = {}
    for row in rows:
        if len(row) != 2:
            raise ValueError(f"line {rows.line_num} of the config file has {len(row)} fields, not 2")
        found[row[0]] = row[1]
    return found


config = parse(settings.config_path.read_text(encoding="utf-8").splitlines()) if settings.config_path.exists() else None


@router.get("/config")
def read_config() -> dict[str, str]:
    if config is None:
        raise HTTPException(404, "no config file")
    return config
