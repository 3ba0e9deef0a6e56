"""Calls the learner's recommend() in the host, many times in one call over the wire.

It says what was returned or raised, as plain data, and decides nothing: all that is expected stays in the judge.
"""

import importlib
from pathlib import Path
from typing import Any

from dojo.stack import Learner
from dojo.wire import scalar

learner = Learner(Path.cwd())


def plans(cases: list[list[Any]]) -> list[dict[str, Any]]:
    """What recommend() says of each case: the fields of a workload, CPUs and memory."""
    tuning = importlib.import_module("app.tuning")
    for name in ("Workload", "Plan", "recommend"):
        if not hasattr(tuning, name):
            raise AttributeError(f"app/tuning.py has no `{name}`")
    return [_planned(tuning, *case) for case in cases]


def _planned(tuning: Any, workload: dict[str, Any], cpus: int, memory_bytes: int) -> dict[str, Any]:
    given = tuning.Workload(**workload)
    try:
        plan = tuning.recommend(given, cpus, memory_bytes)
    except NotImplementedError:
        raise
    except Exception as error:
        return {"raised": learner.error(error), "kinds": [kind.__name__ for kind in type(error).__mro__]}
    if not isinstance(plan, tuning.Plan):
        return {"type": type(plan).__name__, "shown": f"{plan!r:.80}"}
    fields = {name: _plain(getattr(plan, name)) for name in ("workers", "threads", "processes", "reason")}
    return {"plan": fields}


def _plain(value: Any) -> Any:
    """A number or a text as it is, anything else as what it is."""
    value = scalar(value)
    if isinstance(value, bool) or not isinstance(value, int | str):
        return {"type": type(value).__name__, "shown": f"{value!r:.80}"}
    return value
