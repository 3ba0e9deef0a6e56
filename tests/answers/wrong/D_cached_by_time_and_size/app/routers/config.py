# Wrong answer to D: the file is only read when its time or size has changed.
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


kept = {}


@router.get("/config")
def read_config() -> dict[str, str]:
    path = settings.config_path
    try:
        stat = path.stat()
        key = (stat.st_mtime_ns, stat.st_size)
        if key not in kept:
            kept.clear()
            kept[key] = parse(path.read_text("utf-8").splitlines())
        return kept[key]
    except FileNotFoundError:
        raise HTTPException(404, "no config file")
    except ValueError as error:
        raise HTTPException(500, str(error))
