# Right answer to D: a Starlette endpoint class with a limiter of its own; the detail is an object.

import csv
import io
import os

import anyio
from fastapi import APIRouter
from starlette.endpoints import HTTPEndpoint
from starlette.responses import JSONResponse

from app.settings import settings

router = APIRouter()
limiter = None


def load(folder, name):
    directory = os.open(folder, os.O_RDONLY)
    try:
        descriptor = os.open(name, os.O_RDONLY, dir_fd=directory)
    finally:
        os.close(directory)
    with open(descriptor, "rb") as file:
        return io.BytesIO(file.read())


class Config(HTTPEndpoint):
    async def get(self, request):
        global limiter
        limiter = limiter or anyio.CapacityLimiter(4)
        path = settings.config_path
        try:
            data = await anyio.to_thread.run_sync(load, path.parent, path.name, limiter=limiter, abandon_on_cancel=True)
        except OSError:
            return JSONResponse({"detail": "missing"}, 404)
        try:
            reader = csv.DictReader(io.TextIOWrapper(data, "utf-8"), restkey="more", strict=True)
            if reader.fieldnames != ["name", "value"]:
                return JSONResponse({"detail": {"problem": "no header"}}, 500)
            rows = {}
            for row in reader:
                if "more" in row or row["value"] is None:
                    return JSONResponse({"detail": {"problem": "row", "at": row["name"]}}, 500)
                rows[row["name"]] = row["value"]
        except UnicodeError:
            return JSONResponse({"detail": {"problem": "encoding"}}, 500)
        return JSONResponse(rows)


router.add_route("/config", Config)
