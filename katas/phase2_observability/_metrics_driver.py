"""Runs lists of calls of the learner's app/metrics.py within the host, as a call over the wire for each would take long.

It says what was returned or raised, as plain data, and decides nothing: all that is expected stays in the judge.
"""

import contextlib
import gc
import importlib
import itertools
import sys
import threading
import tracemalloc
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy

from dojo import interleave
from dojo.stack import Learner
from dojo.wire import plain

learner = Learner(Path.cwd())


def told(call: Callable[[], Any]) -> Any:
    """What ``call`` returns: None, a number or a list as itself, else what it is; or what it raises."""
    try:
        value = call()
    except Exception as error:
        return {"raised": learner.error(error), "kinds": [kind.__name__ for kind in type(error).__mro__]}
    if isinstance(value, numpy.number):
        value = value.item()
    try:
        if value is None or isinstance(value, list) or (isinstance(value, int | float) and not isinstance(value, bool)):
            return plain(value)
    except TypeError:
        pass
    return {"type": type(value).__name__, "shown": f"{value!r:.80}"}


def named(name: str) -> Any:
    """The learner's ``name``; an exception of the import goes to the judge as it is."""
    module = importlib.import_module("app.metrics")
    if not hasattr(module, name):
        raise AttributeError(f"app/metrics.py has no `{name}`")
    return getattr(module, name)


# -- percentile()


class OnlyIterable:
    """Can be iterated, and nothing else: no length, no index, no copy."""

    def __init__(self, samples: list[float]) -> None:
        self._samples = samples

    def __iter__(self) -> Iterator[float]:
        return iter(self._samples)


KINDS: dict[str, Callable[[list[float]], Iterable[float]]] = {
    "list": list, "tuple": tuple, "generator": lambda samples: (x for x in samples), "deque": deque, "set": set, "iterable": OnlyIterable,
    "array": lambda samples: numpy.array(samples, dtype=float),
}


def percentile(cases: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """For each case what percentile() says of its ``samples``, given as a ``kind``, for each of its ``ps``; ``after``: the samples afterwards."""
    function = named("percentile")
    return [_percentiles(function, **case) for case in cases]


def _percentiles(function: Any, samples: list[float], ps: list[Any], kind: str = "list", look: bool = False) -> dict[str, Any]:
    results, after = [], []
    for p in ps:
        given = KINDS[kind](samples)
        results.append(told(lambda given=given, p=p: function(given, p)))  # type: ignore[misc]
        if look:
            after.append(list(map(float, given)))
    return {"results": results, "after": after}


def percentile_again(first: list[float], then: list[float], p: int) -> list[Any]:
    """What percentile() says of a list, and of the same list once it holds other samples."""
    function, samples = named("percentile"), list(first)
    before = told(lambda: function(samples, p))
    samples[:] = then
    return [before, told(lambda: function(samples, p))]


# -- LatencyWindow


def look(window: Any) -> dict[str, Any]:
    """All that a window shows."""
    return {name: told(lambda read=read: read(window)) for name, read in READ.items()}  # type: ignore[misc]


READ: dict[str, Callable[[Any], Any]] = {
    "snapshot()": lambda window: window.snapshot(), "len()": len, "total_count": lambda window: window.total_count,
    "total_seconds": lambda window: window.total_seconds,
}


def latency_window(scripts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What comes of each script's ``steps`` with new windows of its ``capacities``.

    A step is ``[window, "add", seconds]``, ``[window, "look"]``, or ``[window, "spoil"]``, which changes a
    snapshot that it has taken. ``later``: the snapshots of all looks as they are at the end.
    """
    make = named("LatencyWindow")
    return [_history(make, **script) for script in scripts]


def _history(make: Any, capacities: list[Any], steps: list[list[Any]]) -> dict[str, Any]:
    windows: list[Any] = []
    made = [told(lambda capacity=capacity: windows.append(make(capacity))) for capacity in capacities]  # type: ignore[misc]
    if len(windows) < len(capacities):
        return {"made": made, "results": [], "later": []}
    results, kept = [], []
    for number, what, *values in steps:
        window = windows[number]
        if what == "add":
            results.append(told(lambda window=window, values=values: window.add(*values)))  # type: ignore[misc]
        elif what == "look":
            seen: list[Any] = []
            results.append({**look(window), "snapshot()": told(lambda window=window, seen=seen: _keep(window.snapshot(), seen))})  # type: ignore[misc]
            kept += seen
        else:
            results.append(told(lambda window=window: _spoil(window.snapshot())))  # type: ignore[misc]
    return {"made": made, "results": results, "later": [plain(each) for each in kept]}


def _keep(snapshot: Any, seen: list[Any]) -> Any:
    if isinstance(snapshot, list):
        seen.append(snapshot)
    return snapshot


def _spoil(snapshot: Any) -> None:
    """What a careless caller may do to a list that is its own."""
    snapshot.sort()
    snapshot.append(-1.0)
    del snapshot[:2]


def memory(capacity: int, counts: list[int], refused: bool = False) -> dict[str, Any]:
    """``held``: the bytes that a window holds after so many samples, all of them different; all are such as it refuses, if ``refused``.

    ``failed``: what add() raised otherwise.
    """
    window = named("LatencyWindow")(capacity)
    held: list[int] = []

    def add(numbers: Iterable[int]) -> None:
        for number in numbers:
            if not refused:
                window.add(100.0 * number + 0.5)
                continue
            with contextlib.suppress(ValueError):
                window.add(-100.0 * number - 0.5)

    tracemalloc.start()
    try:
        for before, count in itertools.pairwise([0, *counts]):
            if (failed := told(lambda numbers=range(before, count): add(numbers))) is not None:  # type: ignore[misc]
                return {"held": held, "failed": failed}
            gc.collect()
            held.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    return {"held": held, "failed": None}


# -- threads


def meet(scenes: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """For each scene, all meetings of its ``first`` call with its ``second`` ones, on a new window that holds ``before``.

    A call is ``["add", seconds]`` or the name of what is read. ``after``: what the window shows at the end.
    """
    interleave.tell_locks()
    make = named("LatencyWindow")
    return [list(_meetings(make, **scene)) for scene in scenes]


def _meetings(make: Any, capacity: int, before: list[float], first: list[Any], second: list[list[Any]]) -> Iterator[dict[str, Any]]:
    windows: list[Any] = []

    def scene() -> tuple[Callable[[], Any], Callable[[], Any]]:
        window = make(capacity)
        for seconds in before:
            window.add(seconds)
        windows.append(window)
        return lambda: _called(window, first), lambda: [_called(window, call) for call in second]

    for met in interleave.meetings(scene, learner.owns):
        place = learner.describe(*met.frame)
        yield {"place": place, "first": met.first, "second": met.second, "stuck": met.stuck, "after": {} if met.stuck else look(windows[-1])}
        if met.stuck:
            return


def _called(window: Any, call: list[Any]) -> Any:
    what, *values = call
    return told(lambda: window.add(*values) if what == "add" else READ[what](window))


def crowd(capacity: int, writers: int, adds: int, readers: int, looks: int) -> dict[str, Any]:
    """What ``writers`` and ``readers`` saw that all began at once; writer w adds w·1000 + 0, 1, 2 …"""
    window = named("LatencyWindow")(capacity)
    start = threading.Barrier(writers + readers)
    failed: list[Any] = []
    seen: list[dict[str, Any]] = []

    def write(writer: int) -> None:
        start.wait()
        for number in range(adds):
            result = told(lambda number=number: window.add(float(1000 * writer + number)))  # type: ignore[misc]
            if isinstance(result, dict):
                failed.append(result)
                return

    def read() -> None:
        start.wait()
        for _ in range(looks):
            seen.append(look(window))

    threads = [threading.Thread(target=write, args=(writer,), daemon=True) for writer in range(writers)]
    threads += [threading.Thread(target=read, daemon=True) for _ in range(readers)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    return {"failed": failed, "seen": seen, "after": look(window)}
