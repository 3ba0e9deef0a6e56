"""Calls the learner's compare_limit() in the host, with a stand-in for run() or with the real one, and says what came of it."""

import dataclasses
import importlib
import itertools
import os
import time
from pathlib import Path
from typing import Any

from dojo.stack import Learner

learner = Learner(Path.cwd())
#: How long a run of the stand-in takes: long enough that two at the same time are seen to be so. In seconds.
TAKES = 0.1
_numbers = itertools.count()


def attempt(arguments: list[Any], drawing: str, plan: dict[str, str] | None, takes: float = TAKES) -> dict[str, Any]:
    """Runs ``compare_limit(*arguments)``. ``plan``: the statistics that a run on each host leaves, or the text of the error that it raises."""
    os.environ["MPLCONFIGDIR"] = drawing  # where matplotlib keeps what it knows of the fonts, which takes it long to find out
    running = importlib.import_module("app.loadtest.run")
    if not hasattr(running, "real"):
        running.real, running.notes = running.run, []  # type: ignore[attr-defined]

        def run(host: str, user_class: str, users: int, spawn_rate: float, seconds: float) -> Path:
            note = {"host": host, "class": user_class, "users": users, "rate": spawn_rate, "seconds": seconds, "begun": time.monotonic()}
            running.notes.append(note)
            try:
                if running.plan is None:
                    path = running.real(host, user_class, users, spawn_rate, seconds)
                else:
                    time.sleep(running.takes)
                    planned = running.plan.get(host.rstrip("/"), "nobody planned this host")
                    if not planned.endswith(".csv"):
                        raise RuntimeError(planned)
                    path = Path(planned)
                note["path"] = str(path)
                return path
            finally:
                note["ended"] = time.monotonic()

        running.run = run  # type: ignore[attr-defined]
    running.plan, running.takes = plan, takes  # type: ignore[attr-defined]
    running.notes.clear()
    compare_limit = importlib.import_module("app.loadtest.compare").compare_limit
    done: dict[str, Any] = {}
    try:
        done["value"] = told(compare_limit(*arguments))
    except NotImplementedError:
        raise
    except Exception as error:
        done["raised"], done["kinds"] = learner.error(error), [kind.__name__ for kind in type(error).__mro__]
    return {**done, "runs": list(running.notes)}


def told(value: Any) -> Any:
    """The fields of a Limited; anything else as what it is."""
    kind = importlib.import_module("app.loadtest.compare").Limited
    if not isinstance(value, kind):
        return {"type": type(value).__name__, "shown": f"{value!r:.80}"}
    summary = importlib.import_module("app.loadtest.analysis").LoadSummary
    fields = {}
    for field in dataclasses.fields(value):
        each = getattr(value, field.name)
        plain = dataclasses.asdict(each) if isinstance(each, summary) else each
        fields[field.name] = plain if isinstance(plain, dict | int | float) else {"shown": f"{each!r:.80}"}
    return fields
