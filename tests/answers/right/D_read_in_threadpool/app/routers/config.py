# Right answer to D: run_in_threadpool, pathlib, enumerate with start=2, pydantic-free.
import csv
import io
import logging

from fastapi import APIRouter, HTTPException
from fastapi.concurrency import run_in_threadpool

from app.settings import settings

logger = logging.getLogger(__name__)
router = APIRouter()


class ConfigError(Exception):
    pass


def load_config(path) -> dict[str, str]:
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise ConfigError("config file is not valid UTF-8") from exc
    reader = csv.reader(io.StringIO(text))
    header = next(reader, None)
    if header != ["name", "value"]:
        raise ConfigError("config file must start with the header 'name,value'")
    result = {}
    for line_no, row in enumerate(reader, start=2):
        if len(row) != 2:
            raise ConfigError(f"line {line_no}: expected 2 fields, got {len(row)}")
        result[row[0]] = row[1]
    return result


@router.get("/config")
async def read_config() -> dict[str, str]:
    try:
        return await run_in_threadpool(load_config, settings.config_path)
    except FileNotFoundError:
        raise HTTPException(status_code=404, detail="config file not found")
    except ConfigError as exc:
        logger.error("malformed config: %s", exc)
        raise HTTPException(status_code=500, detail=str(exc))
