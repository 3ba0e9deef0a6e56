"""Runs inside of Locust, before the learner's locustfile: was the load generator itself the bottleneck?

Locust gets this file as its first ``-f``. It imports nothing of the dojo, as gevent has patched this
process. What it saw goes to the folder that ``DOJO_LOAD`` names, together with the final statistics:
Locust's own CSV files are written once a second and don't hold what came after the last time.
"""

import contextlib
import csv
import json
import os
import time
from typing import Any

import gevent
from locust import events
from locust.stats import PERCENTILES_TO_REPORT, StatsCSV

#: How often the generator's own event loop is asked to come by, in seconds.
TICK = 0.02
#: A locustfile that computes for ever at import is ended by the system after so many seconds of CPU time, even when nobody is left to stop it.
LONGEST_CPU = 300

_folder = os.environ["DOJO_LOAD"]
_judge = os.getppid()
_seen: dict[str, Any] = {"lags": [], "cpu": 0.0, "wall": 0.0}

with contextlib.suppress(ImportError, ValueError, OSError):
    import resource

    _, _hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (LONGEST_CPU, _hard))


def _watch() -> None:
    while True:
        due = time.perf_counter() + TICK
        gevent.sleep(TICK)
        _seen["lags"].append(max(0.0, time.perf_counter() - due))
        if os.getppid() != _judge:  # the judge was killed: nobody waits for this load any more
            os._exit(70)


def _write() -> None:
    began, cpu = _seen.pop("began", (time.perf_counter(), time.process_time()))
    lags = sorted(_seen["lags"]) or [0.0]
    told = {
        "cpu_share": (time.process_time() - cpu) / max(time.perf_counter() - began, 1e-9),
        "lag_p95": lags[int(0.95 * (len(lags) - 1))], "lag_max": lags[-1],
    }
    with open(os.path.join(_folder, "watch.json"), "w", encoding="utf-8") as file:
        json.dump(told, file)


def _started(**_: Any) -> None:
    _seen.update(lags=[], began=(time.perf_counter(), time.process_time()))


def _stopped(**_: Any) -> None:
    _write()


def _quitting(environment: Any, **_: Any) -> None:
    table = StatsCSV(environment, PERCENTILES_TO_REPORT)
    for name, write in (("stats", table.requests_csv), ("failures", table.failures_csv)):
        with open(os.path.join(_folder, f"{name}.csv"), "w", newline="", encoding="utf-8") as file:
            write(csv.writer(file))


events.test_start.add_listener(_started)
events.test_stop.add_listener(_stopped)
events.quitting.add_listener(_quitting)
gevent.spawn(_watch)
