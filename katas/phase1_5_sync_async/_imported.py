"""Says which processes run once the application has been imported, though nobody has started it."""

import multiprocessing

from fastapi import FastAPI

import app.main as imported

app = FastAPI()


@app.get("/processes")
def processes() -> list[str]:
    assert imported.app is not app
    return [process.name for process in multiprocessing.active_children()]
