"""GET /config: the rows of a CSV file, read anew for each request."""

from fastapi import APIRouter

router = APIRouter()


# The file: UTF-8, its first line is name,value, and each further line is a row of two fields.
@router.get("/config")
async def read_config() -> dict[str, str]:
    """The file's rows as an object; 404 when there is no file, 500 with a detail when it is malformed."""
    # TODO D: nobody reads the file at settings.config_path yet.
    # Goal: each request reads it, and the event loop is free while the file can't be opened or read.
    # Tool: csv.reader knows quotes and line_num. Opening and reading block: on which thread may they?
    raise NotImplementedError("D: /config reads no file yet")
