"""The application that stands in for app/main.py where a profile is asked about: it does what it is told by notes, and tells what it sees.

Notes are files in the folder ``notes`` of the copy; all workers read them. ``/work?NAME`` runs on a thread, as a ``def`` endpoint does, until
there is a file ``let-NAME``; ``/wait?NAME`` waits for it on the event loop. ``/health/state`` tells how many requests are where. ``leap-N`` puts
the loop's clock forward by the seconds that stand in it, as if they had passed; ``age-N`` lets a worker believe that it has served as many
requests.
"""

import asyncio
import gc
import json
import os
import threading
from collections import defaultdict
from pathlib import Path

import anyio.to_thread
from uvicorn.server import Server

from app.limits import Profiled
from app.settings import settings
from app.tuning import PROFILES

NOTES = Path("notes").resolve()

inside = {"work": 0, "wait": 0, "threads": 0}
lock = threading.Lock()
let = defaultdict(threading.Event)
done = set()
server = None


def note(name: str, text: str = "") -> None:
    """Puts up a file that is whole from its first moment on."""
    draft = NOTES / f".{name}-{os.getpid()}"
    draft.write_text(text)
    draft.rename(NOTES / name)


def on_a_thread(event: threading.Event) -> None:
    with lock:
        inside["threads"] += 1
    event.wait()
    with lock:
        inside["threads"] -= 1


async def look() -> None:
    """Reads the notes, again and again, and does what they say."""
    loop = asyncio.get_running_loop()
    while True:
        for path in sorted(NOTES.iterdir()):
            kind, _, name = path.name.partition("-")
            if path.name in done or kind not in ("let", "leap", "age"):
                continue
            done.add(path.name)
            if kind == "let":
                let[name].set()
            elif kind == "leap":
                clock, seconds = loop.time, float(path.read_text())
                note(f"clock-{path.name}", str(clock()))
                loop.time = lambda clock=clock, seconds=seconds: clock() + seconds
            else:
                server.server_state.total_requests = int(path.read_text())
            # What is due by now comes before this: timers are served in their order.
            await asyncio.sleep(0.35)
            note(f"done-{path.name}-{os.getpid()}")
        await asyncio.sleep(0.005)


async def raw(scope, receive, send):  # type: ignore[no-untyped-def]
    global server
    if scope["type"] == "lifespan":
        await receive()
        server = next(each for each in gc.get_objects() if isinstance(each, Server))
        looking = asyncio.create_task(look())
        note(f"started-{os.getpid()}", str(server.limit_max_requests))
        await send({"type": "lifespan.startup.complete"})
        await receive()
        looking.cancel()
        await send({"type": "lifespan.shutdown.complete"})
        return
    path, name = scope["path"], scope["query_string"].decode()
    kind = path.strip("/")
    if kind == "boom":
        raise RuntimeError("a request that fails")
    if kind in ("work", "wait"):
        inside[kind] += 1
        try:
            if kind == "work":
                await anyio.to_thread.run_sync(on_a_thread, let[name])
            else:
                while not let[name].is_set():
                    await asyncio.sleep(0.005)
        except asyncio.CancelledError:
            note(f"cancelled-{name}", str(asyncio.get_running_loop().time()))
            raise
        finally:
            inside[kind] -= 1
    told = {"pid": os.getpid(), **inside, "open": len(server.server_state.tasks) - 1}
    body = json.dumps(told).encode()
    headers = [(b"content-length", str(len(body)).encode()), (b"x-pid", str(os.getpid()).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


app = Profiled(raw, PROFILES[settings.profile])
