# Wrong answer to 3.2: each status below 400 counts as a success.
# Rejected by: test_wrong_answers_count_as_failed
# Because: a status 20[12] with the body of a right answer
# Because: Only a status of 200 is a success

import os
import random
from collections.abc import Callable
from typing import Any

from locust import FastHttpUser, LoadTestShape, between, task
from locust.contrib.fasthttp import ResponseContextManager


def _judge(response: ResponseContextManager, is_right: Callable[[Any], bool]) -> None:
    """Counts a request as failed unless its status is 200 and ``is_right`` is true of its body."""
    if response.status_code == 0:
        return  # nobody answered: Locust counts that itself, with the cause, and there is no body to look at
    if not response.ok:
        # Said before the body is looked at: an error page may hold anything, even a right prediction.
        return response.failure(f"status {response.status_code}")
    try:
        body = response.json()
    except Exception:  # not JSON, not text, or cut off; what is raised in a `with` block isn't counted at all
        return response.failure("the body is no JSON")
    if not is_right(body):
        response.failure("the body is wrong")


def _is_prediction(body: Any) -> bool:
    """Whether ``body`` is what a client of the service can work with."""
    # type() and not isinstance(): to Python, `true` is a number as well.
    return isinstance(body, dict) and type(body.get("prediction")) in (int, float) and isinstance(body.get("model_version"), str)


def _predict(user: FastHttpUser, path: str) -> None:
    # Another payload each time, or a cache would be what is measured.
    payload = {"feature_1": random.uniform(-3, 3), "feature_2": random.uniform(-3, 3)}
    with user.client.post(path, json=payload, catch_response=True) as response:
        _judge(response, _is_prediction)


class SyncUser(FastHttpUser):
    """Asks POST /predict/sync for one prediction after the other."""

    @task
    def predict(self) -> None:
        """One prediction."""
        _predict(self, "/predict/sync")


class AsyncUser(FastHttpUser):
    """Asks POST /predict/async for one prediction after the other."""

    @task
    def predict(self) -> None:
        """One prediction."""
        _predict(self, "/predict/async")


class BrokenUser(FastHttpUser):
    """Asks POST /predict/broken for one prediction after the other."""

    @task
    def predict(self) -> None:
        """One prediction."""
        _predict(self, "/predict/broken")


class MixedUser(FastHttpUser):
    """Three predictions by POST /predict/async for each GET /users/{user_id}, with a pause after each."""

    # People read what they got. Users without a pause are few and wait always; that is another load.
    wait_time = between(0.05, 0.15)

    @task(3)
    def predict(self) -> None:
        """One prediction."""
        _predict(self, "/predict/async")

    @task(1)
    def look_up(self) -> None:
        """One user, of those with the ids 1 to 100."""
        user_id = random.randint(1, 100)
        # One name for all: a hundred rows of three requests each would tell nothing.
        with self.client.get(f"/users/{user_id}", name="/users/[user_id]", catch_response=True) as response:
            _judge(response, lambda body: isinstance(body, dict) and body.get("user_id") == user_id)


class StepLoad(LoadTestShape):
    """A load that grows in steps; Locust asks it once a second.

    It begins with at most 4 users and ends with at least 40. Each step has more users than the one before, at most twice as many, which all
    come at once; it lasts for at least 2 seconds. The whole takes at most 30 seconds.
    """

    # Locust takes a shape that it finds in the file for every run, whatever --users, --spawn-rate and --run-time say.
    # An abstract one it leaves alone.
    abstract = os.environ.get("LOAD_SHAPE") != "StepLoad"

    #: A step that was jumped over can't be found, so they are close where the service is likely to come to its limit.
    steps = (4, 8, 12, 16, 24, 40)
    #: Of each step the beginning says little: while the new users come, requests of the step before are still there.
    seconds_each = 2

    def tick(self) -> tuple[int, float] | None:
        """How many users there are to be now, and how many may start or stop in a second; None ends the run."""
        number = int(self.get_run_time() // self.seconds_each)
        if number >= len(self.steps):
            return None
        users = self.steps[number]
        return users, users  # a rate at which all that are new come within the first second
