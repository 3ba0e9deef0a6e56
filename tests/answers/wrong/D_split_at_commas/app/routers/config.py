# Wrong answer to D: lines are split at commas, without csv.
# Rejected by: test_rows_become_an_object
# Because: "\w

from fastapi import APIRouter, HTTPException

from app.settings import settings

router = APIRouter()



@router.get("/config")
def read_config() -> dict[str, str]:
    try:
        lines = settings.config_path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise HTTPException(404)
    result = {}
    for number, line in enumerate(lines[1:], 2):
        parts = line.split(",", 1)
        if len(parts) != 2:
            raise HTTPException(500, f"line {number} is malformed")
        result[parts[0]] = parts[1]
    return result
