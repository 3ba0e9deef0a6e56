# Right answer to D: os.open and os.pread in a class whose instances are called as a plain def; its own response.

import csv
import json
import os

from fastapi import APIRouter, Response

from app.settings import settings


class Reading:
    def __init__(self, path):
        self.path = path

    def __call__(self) -> Response:
        try:
            descriptor = os.open(self.path, os.O_RDONLY)
        except FileNotFoundError:
            return self.answer(404, detail="there is no such file")
        try:
            content = b"".join(self.parts(descriptor))
        finally:
            os.close(descriptor)
        try:
            return self.answer(200, **self.table(content.decode()))
        except ValueError as error:
            return self.answer(500, detail=f"{type(error).__name__}: {error}")

    @staticmethod
    def parts(descriptor):
        offset = 0
        while part := os.pread(descriptor, 65536, offset):
            offset += len(part)
            yield part

    @staticmethod
    def table(text):
        header, *rows = csv.reader(text.splitlines()) if text else [None]
        if header != ["name", "value"]:
            raise ValueError(f"line 1 is {header}")
        for number, row in enumerate(rows, 2):
            if len(row) != 2:
                raise ValueError(f"line {number} is {row}")
        return dict(rows)

    @staticmethod
    def answer(status, **content):
        return Response(json.dumps(content), status, media_type="application/json")


router = APIRouter()
router.add_api_route("/config", Reading(settings.config_path).__call__, methods=["GET"])
