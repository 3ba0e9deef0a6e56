# Wrong answer to D: the endpoint is a def, but its response reads the file while it is rendered, on the loop.
# Rejected by: test_requests_wait_together
# Because: The event loop stood at app/routers/config\.py:\d+ .*with open

"""GET /config: the rows of a CSV file, read anew for each request."""

import csv
from collections.abc import Iterable

from fastapi import APIRouter, HTTPException

from fastapi.responses import JSONResponse

from app.settings import settings

router = APIRouter()


class Malformed(ValueError):
    """The file is there, but it isn't what it should be; the text says what is wrong."""


def parse(lines: Iterable[str]) -> dict[str, str]:
    """The rows of a CSV file with the header ``name,value``; raises `Malformed`."""
    # Not csv.DictReader, which takes rows of any length: what is missing becomes None, and what is
    # too much is put aside, without a word.
    # Strict: a quote that is never closed is a mistake, not a field that holds all the rows that follow.
    rows = csv.reader(lines, strict=True)
    if (header := next(rows, None)) != ["name", "value"]:
        raise Malformed(f"line 1 should be name,value, and is {header or 'missing'}")
    found = {}
    for row in rows:
        if len(row) != 2:
            # Whoever is called at night because of this has to find the line.
            raise Malformed(f"line {rows.line_num} should have 2 fields, and has {len(row)}: {row}")
        name, value = row
        found[name] = value
    return found


# The file: UTF-8, its first line is name,value, and each further line is a row of two fields.
# A plain `def`: there is no such thing as an awaited file. What libraries call one is a thread that
# opens and reads, which is what FastAPI's pool has threads for.
class Rows(JSONResponse):
    def render(self, content):
        return super().render(rows())


@router.get("/config", response_class=Rows)
def read_config():
    """What the response makes of it."""
    return {}


def rows() -> dict[str, str]:
    """The file's rows as an object; 404 when there is no file, 500 with a detail when it is malformed."""
    try:
        # Opened rather than asked for first: between a look and an opening the file may go away.
        with open(settings.config_path, encoding="utf-8", newline="") as file:
            return parse(file)
    except FileNotFoundError as error:
        raise HTTPException(404, "there is no config file") from error
    except (Malformed, csv.Error) as error:
        raise HTTPException(500, f"the config file is malformed: {error}") from error
    except UnicodeDecodeError as error:  # it reads while it parses
        raise HTTPException(500, f"the config file is no UTF-8 text: {error}") from error
