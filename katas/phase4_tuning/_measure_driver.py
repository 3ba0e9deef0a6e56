"""Calls the learner's measure() in the host."""

import asyncio
import importlib
import inspect
from typing import Any


def ready() -> None:
    """Imports what is called later, so that a call begins at once."""
    importlib.import_module("app.benchmark")


def attempt(url: str, seconds: float, concurrency: int) -> dict[str, Any]:
    """Measures, and says what came of it."""
    result = importlib.import_module("app.benchmark").measure(url, seconds, concurrency)
    if inspect.isawaitable(result):
        result = asyncio.run(_awaited(result))
    names = ("throughput_rps", "p50_s", "p95_s", "errors")
    missing = [name for name in names if not hasattr(result, name)]
    return {"shown": f"{result!r:.200}", "missing": missing, **{name: getattr(result, name) for name in names if name not in missing}}


def refused(one: dict[str, float], many: dict[str, float]) -> dict[str, Any]:
    """What becomes of speedup() of two results, given by their fields: a value, or whether it raised a ValueError."""
    benchmark = importlib.import_module("app.benchmark")
    try:
        return {"value": f"{benchmark.speedup(benchmark.Result(**one), benchmark.Result(**many))!r:.80}"}
    except ValueError:
        return {}


async def _awaited(result: Any) -> Any:
    return await result
