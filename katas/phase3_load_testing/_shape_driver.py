"""Asks the learner's StepLoad for its steps, on a clock that goes on when it is told to: a minute of load in a millisecond.

Locust itself does it once a second. No load is made here, so gevent has nothing to patch.
"""

import datetime
import importlib
import os
import sys
import time
import timeit
from numbers import Integral, Real
from types import ModuleType, SimpleNamespace
from typing import Any

#: What follows the time of one tick, in seconds: Locust's own are a little late, too.
TICK = 1.003


class Clock:
    """The time that the learner's locustfile sees."""

    def __init__(self) -> None:
        self.passed = 0.0

    def modules(self) -> dict[str, ModuleType]:
        """Stand-ins of the modules that tell the time."""
        of_time = ModuleType("time")
        of_time.__dict__.update(vars(time))
        for name in ("time", "monotonic", "perf_counter"):
            began = getattr(time, name)()
            setattr(of_time, name, lambda began=began: began + self.passed)
            setattr(of_time, f"{name}_ns", lambda began=began: int((began + self.passed) * 1e9))
        if hasattr(time, "clock_gettime"):
            of_time.__dict__["clock_gettime"] = lambda clock: time.clock_gettime(clock) + self.passed
            of_time.__dict__["clock_gettime_ns"] = lambda clock: time.clock_gettime_ns(clock) + int(self.passed * 1e9)
        of_datetime = ModuleType("datetime")
        of_datetime.__dict__.update(vars(datetime))
        clock, first = self, time.time()

        class Now(datetime.datetime):
            @classmethod
            def now(cls, tz: Any = None) -> Any:
                return datetime.datetime.fromtimestamp(first + clock.passed, tz)

            @classmethod
            def utcnow(cls) -> Any:
                return datetime.datetime.fromtimestamp(first + clock.passed, datetime.UTC).replace(tzinfo=None)

        of_datetime.__dict__["datetime"] = Now
        of_timeit = ModuleType("timeit")
        of_timeit.__dict__.update({**vars(timeit), "default_timer": of_time.perf_counter, "time": of_time})
        return {"time": of_time, "datetime": of_datetime, "timeit": of_timeit}


def runner() -> SimpleNamespace:
    """What stands in for Locust's runner: nobody is there yet, and its statistics are Locust's own, of no request."""
    from locust.stats import RequestStats

    stats = RequestStats()
    environment = SimpleNamespace(stats=stats)
    environment.runner = SimpleNamespace(user_count=0, target_user_count=0, state="running", stats=stats, environment=environment)
    return environment.runner


def ticks(longest: float) -> list[list[Any]] | None:
    """What tick() says at each time, until it says None or ``longest`` seconds have passed; None of a class that Locust leaves alone."""
    os.environ.update(LOCUST_SKIP_MONKEY_PATCH="1", LOAD_SHAPE="StepLoad")
    import locust.shape

    clock = Clock()
    stand_ins = clock.modules()
    real = {name: sys.modules[name] for name in stand_ins}
    locust.shape.time = stand_ins["time"]  # type: ignore[assignment]
    sys.modules.update(stand_ins)
    try:
        shape = importlib.import_module("locustfile").StepLoad()
        if getattr(shape, "abstract", False):
            return None
        shape.runner = runner()
        shape.reset_time()
        said: list[list[Any]] = []
        while clock.passed <= longest:
            value = told(shape.tick())
            said.append([round(clock.passed, 3), value])
            if value is None:
                break
            if isinstance(value, list):
                shape.runner.user_count = shape.runner.target_user_count = value[0]
            clock.passed += TICK
        return said
    finally:
        sys.modules.update(real)
        locust.shape.time = time


def told(value: Any) -> Any:
    """Users and rate as a list; anything else as what it is. Numbers may be numpy's."""
    if value is None:
        return None
    if isinstance(value, tuple | list) and len(value) == 2 and all(isinstance(each, Real) and not isinstance(each, bool) for each in value):
        return [int(each) if isinstance(each, Integral) else float(each) for each in value]
    return {"type": type(value).__name__, "shown": f"{value!r:.80}"}
