"""The application that stands in for app/main.py where it is asked how the service is served: it notes what its workers do.

Notes are files in the folder ``notes`` of the copy. A worker that has started notes that. ``/hold/NAME`` holds the worker itself: its event
loop stands still, so it takes no other connection, until there is a file ``let-NAME``. With ``?wait`` the request then waits as requests
do, the loop free, until there is a file ``finish-NAME``. All answer with the worker's process.
"""

import asyncio
import os
import time
from pathlib import Path

NOTES = Path("notes").resolve()


def note(name: str) -> None:
    """Puts up a file that is whole from its first moment on."""
    draft = NOTES / f".{name}-{os.getpid()}"
    draft.write_text(str(os.getpid()))
    draft.rename(NOTES / name)


async def app(scope, receive, send):  # type: ignore[no-untyped-def]
    if scope["type"] == "lifespan":
        while (message := await receive())["type"] != "lifespan.shutdown":
            note(f"started-{os.getpid()}")
            await send({"type": f"{message['type']}.complete"})
        await send({"type": "lifespan.shutdown.complete"})
        return
    if scope["type"] != "http":
        return
    if scope["path"].startswith("/hold/"):
        name = scope["path"].rpartition("/")[2]
        note(f"held-{name}")
        while not (NOTES / f"let-{name}").exists():
            time.sleep(0.003)
        if scope["query_string"] == b"wait":
            note(f"waiting-{name}")
            while not (NOTES / f"finish-{name}").exists():
                await asyncio.sleep(0.003)
    body = str(os.getpid()).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", str(len(body)).encode()), (b"x-pid", body)]})
    await send({"type": "http.response.body", "body": body})
