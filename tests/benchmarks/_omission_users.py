"""A locustfile for the picture of coordinated omission: the same hundred requests a second, in two ways."""

import json
import os
import random
import time

import gevent
from locust import FastHttpUser, constant_throughput, events, task


class ClosedUser(FastHttpUser):
    """Asks again as soon as it has an answer. One of them makes a hundred requests a second, as each takes 10 ms."""

    @task
    def ask(self) -> None:
        """One request."""
        self.client.get("/")


class OpenUser(ClosedUser):
    """Asks once a second, each one of a hundred at its own time, whatever became of the last request."""

    def on_start(self) -> None:
        """Gets its time."""
        gevent.sleep(random.random())
        self.due = time.time()

    def wait_time(self) -> float:
        """Until it is due again."""
        self.due += 1.0
        return max(0.0, self.due - time.time())


class PacedUser(ClosedUser):
    """Locust's own way to ask once a second: all who come together stay together."""

    wait_time = constant_throughput(1)


_requests: list[tuple[float, float]] = []
events.request.add_listener(lambda start_time, response_time, **_: _requests.append((start_time, response_time / 1000)))


@events.quitting.add_listener
def _quitting(**_: object) -> None:
    with open(os.environ["OMISSION_REQUESTS"], "w", encoding="utf-8") as file:
        json.dump(_requests, file)
