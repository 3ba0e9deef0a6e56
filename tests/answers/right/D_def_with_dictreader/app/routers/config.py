# Right answer to D: a plain def, Path.read_text and csv.DictReader.

import csv
import io

from fastapi import APIRouter, HTTPException

from app.settings import settings

router = APIRouter()


@router.get("/config")
def read_config() -> dict[str, str]:
    try:
        text = settings.config_path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise HTTPException(404, "no config")
    except UnicodeDecodeError:
        raise HTTPException(500, "the config file is not UTF-8")
    reader = csv.DictReader(io.StringIO(text))
    if reader.fieldnames != ["name", "value"]:
        raise HTTPException(500, f"expected the header name,value, found {reader.fieldnames}")
    result = {}
    for row in reader:
        if None in row or row["value"] is None:
            raise HTTPException(500, {"error": "malformed row", "line": reader.line_num})
        result[row["name"]] = row["value"]
    return result
