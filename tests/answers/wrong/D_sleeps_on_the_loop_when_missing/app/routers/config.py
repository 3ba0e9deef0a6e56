# Wrong answer to D: a file that is missing is looked for again, after a sleep on the loop.
# Rejected by: test_a_file_that_is_no_such_table_is_a_500_that_says_so
# Because: and then it was gone\. Your code waited on the event loop's own thread, at app/routers/config\.py:49
"""GET /config: the rows of a CSV file, read anew for each request."""

import csv
from collections.abc import Iterable

from fastapi import APIRouter, HTTPException

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
@router.get("/config")
async def read_config() -> dict[str, str]:
    import asyncio, time
    for attempt in range(3):
        try:
            return await asyncio.to_thread(read_now)
        except HTTPException as e:
            if e.status_code != 404 or attempt == 2: raise
            time.sleep(0.3)


def read_now():
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
