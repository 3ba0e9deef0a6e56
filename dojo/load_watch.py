"""Runs inside of Locust, before the learner's locustfile: was the load generator itself the bottleneck?

Locust gets this file as its first ``-f``. It imports nothing of the dojo, as gevent has patched this
process. What it saw goes to the folder that ``DOJO_LOAD`` names, together with the final statistics:
Locust's own CSV files are written once a second and don't hold what came after the last time.
"""

import atexit
import contextlib
import csv
import inspect
import json
import os
import sys
import time
import traceback
from collections import Counter
from typing import Any

import gevent
from locust import TaskSet, User, events
from locust.stats import PERCENTILES_TO_REPORT, StatsCSV
from locust.util.load_locustfile import is_shape_class, is_user_class

#: How often the generator's own event loop is asked to come by, in seconds.
TICK = 0.02
#: A locustfile that computes for ever at import is ended by the system after so many seconds of CPU time, even when nobody is left to stop it.
LONGEST_CPU = 300
#: After so many exceptions from tasks, more of them say nothing new.
MOST_ERRORS = 50
#: The name of the header that numbers an answer (`dojo.load.TAG`).
TAG = "x-answer"
#: How often a class is asked for its wait.
DRAWS = 300

_folder = os.environ["DOJO_LOAD"]
_root = os.environ["PYTHONPATH"]
_process, _judge = os.getpid(), os.getppid()
_lags: list[float] = []
_began = [0.0, 0.0]
_environment: list[Any] = []
_errors: dict[str, dict[str, Any]] = {}
_judged: dict[str, list[int]] = {}
_unnumbered = [0, 0]
_slept: dict[Any, float] = {}
_pauses: list[float] = []

with contextlib.suppress(ImportError, ValueError, OSError):
    import resource

    _, _hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (LONGEST_CPU, _hard))


def _save(name: str, value: Any) -> None:
    with open(os.path.join(_folder, name), "w", encoding="utf-8") as file:
        json.dump(value, file)


# -- the generator itself


def _watch() -> None:
    while True:
        due = time.perf_counter() + TICK
        gevent.sleep(TICK)
        if os.getpid() != _process:  # a worker that --processes forked: its master looks after it
            return
        _lags.append(max(0.0, time.perf_counter() - due))
        if os.getppid() != _judge:  # the judge was killed: nobody waits for this load any more
            os._exit(70)
        if _environment and (os.path.exists(os.path.join(_folder, "stop")) or sum(e["count"] for e in _errors.values()) >= MOST_ERRORS):
            _environment.pop().runner.quit()


def _initialized(environment: Any, **_: Any) -> None:
    _environment.append(environment)
    # gevent's timers count from when its loop last looked at the clock. That was before all of the imports, and the time of the run,
    # which begins next, would be over that much sooner.
    gevent.get_hub().loop.update_now()


def _started(**_: Any) -> None:
    _lags.clear()
    _began[:] = time.perf_counter(), time.process_time()


def _stopped(**_: Any) -> None:
    if os.getpid() != _process:
        return
    lags = sorted(_lags) or [0.0]
    share = (time.process_time() - _began[1]) / max(time.perf_counter() - _began[0], 1e-9)
    _save("watch.json", {"cpu_share": share, "lag_p95": lags[int(0.95 * (len(lags) - 1))], "lag_max": lags[-1]})


# -- requests and errors


def _requested(response: Any = None, exception: Any = None, **_: Any) -> None:
    number = (getattr(response, "headers", None) or {}).get(TAG)
    counted = _unnumbered if number is None else _judged.setdefault(number, [0, 0])
    counted[0] += 1
    counted[1] += exception is not None
    user = gevent.getcurrent()
    if pause := _slept.pop(user, 0.0):
        _pauses.append(pause)
    if number is not None:  # what follows an answer is a pause; what follows none may be anything
        _slept[user] = 0.0


def _noting(sleep: Any) -> Any:
    """``sleep``, which also notes for how long a user that was answered asks to sleep until its next request: no clock is needed for that."""
    def noting(seconds: float = 0, *more: Any, **named: Any) -> Any:
        user = gevent.getcurrent()
        if user in _slept:
            with contextlib.suppress(TypeError, ValueError):  # what isn't a number sleep() refuses itself
                _slept[user] += float(seconds)
        return sleep(seconds, *more, **named)

    return noting


def _raised(exception: BaseException, tb: Any, **_: Any) -> None:
    frames = [frame for frame in traceback.extract_tb(tb) if frame.filename.startswith(_root + os.sep)]
    places = [{"file": os.path.relpath(f.filename, _root).replace(os.sep, "/"), "line": f.lineno, "text": f.line} for f in frames[-1:]]
    error = {"type": type(exception).__name__, "message": str(exception), "frames": places}
    _errors.setdefault(json.dumps(error), {**error, "count": 0})["count"] += 1


def _quitting(environment: Any, **_: Any) -> None:
    if os.getpid() != _process:
        return
    _save("seen.json", {"errors": list(_errors.values()), "judged": _judged, "unnumbered": _unnumbered, "pauses": _pauses})
    table = StatsCSV(environment, PERCENTILES_TO_REPORT)
    for name, write in (("failures", table.failures_csv), ("stats", table.requests_csv)):
        with open(os.path.join(_folder, f"{name}.csv"), "w", newline="", encoding="utf-8") as file:
            write(csv.writer(file))


# -- what the locustfile holds, for --list


def _found() -> None:
    found = vars(sys.modules.get("locustfile", sys)).items()
    users = [
        {"name": name, "kinds": [kind.__name__ for kind in each.__mro__], "shares": _shares(each), "waits": _waits(each)}
        for name, each in found if is_user_class(each)
    ]
    _save("found.json", {"users": users, "shapes": [name for name, each in found if is_shape_class(each)]})


def _nested(user: type[Any]) -> bool:
    return any(inspect.isclass(each) and issubclass(each, TaskSet) for each in user.tasks)


def _shares(user: type[Any]) -> dict[str, float]:
    if _nested(user):
        return {}
    counts = Counter(getattr(each, "__name__", repr(each)) for each in user.tasks)
    return {name: count / len(user.tasks) for name, count in counts.items()}


def _waits(user: type[Any]) -> list[float] | None:
    own = any("wait_time" in vars(kind) for kind in user.__mro__[: user.__mro__.index(User)])
    if not own or user.wait is not User.wait or _nested(user):
        return None
    try:
        somebody = object.__new__(user)
        somebody._cp_last_run, somebody._cp_last_wait_time = time.perf_counter(), 0.0
        return [float(somebody.wait_time()) for _ in range(DRAWS)]
    except Exception:
        return None  # it needs more than a user that nobody started


# Before the learner's file is imported, which takes them from here; Locust's own wait_time ends in the first of them.
gevent.sleep = time.sleep = _noting(gevent.sleep)
if "--list" in sys.argv:
    atexit.register(_found)
events.init.add_listener(_initialized)
events.request.add_listener(_requested)
events.user_error.add_listener(_raised)
events.test_start.add_listener(_started)
events.test_stop.add_listener(_stopped)
events.quitting.add_listener(_quitting)
gevent.spawn(_watch)
