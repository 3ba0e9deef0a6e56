"""Calls the learner's app/loadtest/analysis.py in the host, many times in one call over the wire.

It says what was returned or raised, as plain data, and decides nothing: all that is expected stays in the judge.
"""

import dataclasses
import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dojo.stack import Learner

learner = Learner(Path.cwd())


def module() -> Any:
    """The learner's module; every call is one of the same import."""
    return importlib.import_module("app.loadtest.analysis")


def told(call: Callable[[], Any]) -> dict[str, Any]:
    """What ``call`` returns, as ``value``, or what it raises."""
    try:
        return {"value": call()}
    except NotImplementedError:
        raise
    except Exception as error:
        return {"raised": learner.error(error), "kinds": [kind.__name__ for kind in type(error).__mro__]}


def number(value: Any) -> Any:
    """A number, None or a text as it is, a number of another library as Python's own, anything else as what it is."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if hasattr(value, "item"):
        return value.item()
    return {"type": type(value).__name__, "shown": f"{value!r:.80}"}


def of_class(value: Any, cls: type[Any]) -> Any:
    """The fields of a ``cls``; anything else as what it is."""
    if isinstance(value, cls):
        return {field.name: number(getattr(value, field.name)) for field in dataclasses.fields(cls)}
    return {"type": type(value).__name__, "shown": f"{value!r:.80}"}


def summaries(paths: list[str]) -> list[dict[str, Any]]:
    """What summarize() says of each file."""
    analysis = module()
    return [told(lambda path=path: of_class(analysis.summarize(Path(path)), analysis.LoadSummary)) for path in paths]


def points(cases: list[list[Any]]) -> list[dict[str, Any]]:
    """What breaking_point() says of each list of steps, as the index of the step that it returned."""
    return [told(lambda case=case: point(*case)) for case in cases]


def point(rows: list[list[Any]], slo_p95_s: float, max_failure_rate: float, kind: str) -> Any:
    """One call, with a list or a tuple of steps."""
    analysis = module()
    steps = [analysis.Step(*row) for row in rows]
    given = tuple(steps) if kind == "tuple" else list(steps)
    found = analysis.breaking_point(given, slo_p95_s, max_failure_rate)
    if list(given) != steps:
        return {"changed": True}
    if found is None:
        return None
    return steps.index(found) if found in steps else of_class(found, analysis.Step)
