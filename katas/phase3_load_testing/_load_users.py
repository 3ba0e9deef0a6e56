"""A locustfile of the judge's, for 3.3: its users leave word of the Locust that runs them, in the file @word@."""

import json
import os
import sys
import time

import gevent
import locust.stats
from locust import FastHttpUser, constant, events, task

WORD = "@word@"
# Not once a second, so that what its files lack at the end is little, and the load can be short.
locust.stats.CSV_STATS_INTERVAL_SEC = 0.1


def leave(**word: object) -> None:
    """Adds a line to the file that the judge reads."""
    with open(WORD, "a", encoding="utf-8") as file:
        file.write(json.dumps({"pid": os.getpid(), **word}) + "\n")


leave()


@events.init.add_listener
def started(environment: object, **_: object) -> None:
    """Says with what options Locust was started."""
    options = environment.parsed_options
    leave(users=options.num_users, spawn_rate=options.spawn_rate, run_time=options.run_time, host=options.host,
          csv=options.csv_prefix, reset_stats=options.reset_stats, web=environment.web_ui is not None)
    # More than a pipe holds: who lets Locust write into one and doesn't read it waits for ever.
    sys.stderr.write("A locustfile may print a lot.\n" * 5000)
    leave(printed=True)
    # gevent's timers count from when its loop last looked at the clock. That was before all of the imports, and the time of the run,
    # which begins next, would be over that much sooner.
    gevent.get_hub().loop.update_now()


@events.quitting.add_listener
def ended(**_: object) -> None:
    """Says when it came to its end, by the clock that all processes share."""
    leave(ended=time.monotonic())


class FirstUser(FastHttpUser):
    """Asks GET /first."""

    wait_time = constant(0.05)

    @task
    def ask(self) -> None:
        """One request."""
        self.client.get("/first")


class SecondUser(FastHttpUser):
    """Asks GET /second."""

    wait_time = constant(0.05)

    @task
    def ask(self) -> None:
        """One request."""
        self.client.get("/second")
