"""A service whose workers load the model one after the other, when they are told to, and say what the whole server has in memory then.

Each of them stays at a standstill afterwards, so that the next request can only reach another one, until there is a file called ``go``.
"""

import json
import os
import time
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

import app.settings  # noqa: F401  # here already, so that it isn't counted as a part of the model
from dojo import memory

NOTES = Path(os.environ["WEIGHTS_NOTES"])

#: The model, which a service keeps for as long as it runs.
kept: list[Any] = []


def load() -> dict[str, Any]:
    """Loads the model, uses all of it, and says what there is in memory: before and after, and by the learner's measure."""
    server = os.getppid()
    from app import benchmark

    before = memory.together(server)
    from app import weights

    kept.append(weights.load_weights())
    total = float(np.sum(kept[0], dtype=np.float64))
    after = memory.together(server)
    try:
        use = benchmark.memory(server)
    except Exception as error:
        return {"memory_raised": f"{type(error).__name__}: {error}"}
    return {"before": asdict(before), "after": asdict(after), "sum": total,
            "learner": {name: getattr(use, name) for name in ("rss_bytes", "pss_bytes", "workers")}}


def noted() -> None:
    """Does it, and leaves a note of it, or of what went wrong."""
    import traceback

    try:
        said = load()
    except Exception as error:
        said = {"failed": f"{type(error).__name__}: {error}", "trace": traceback.format_exc()}
    note = NOTES / f"loaded-{os.getpid()}"
    note.with_suffix(".part").write_text(json.dumps(said))
    note.with_suffix(".part").rename(note)


async def serve(scope: MutableMapping[str, Any], receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]) -> None:
    """Any request is the word to load."""
    if scope["type"] != "http":
        return
    noted()
    while not (NOTES / "go").exists():
        time.sleep(0.005)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0"), (b"connection", b"close")]})
    await send({"type": "http.response.body"})
