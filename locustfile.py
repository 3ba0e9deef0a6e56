"""Simulated users for load tests, and a load that grows in steps.

``locust SyncUser --host http://127.0.0.1:8000`` takes the users of one class; without a class, all of them.
``LOAD_SHAPE=StepLoad locust AsyncUser …`` lets the load grow. Locust imports this file in a process of its own.
"""

import os

from locust import FastHttpUser, LoadTestShape, task

# TODO 3.2: nobody loads the service, and nobody would notice if it answered nonsense.
# Goal: each user sends valid requests that differ from one another, and whatever isn't a right answer
# counts as failed: another status than 200, and a body that is no prediction, or not the user that was asked for.
# Tool: self.client, catch_response=True and response.failure(), name=, @task(weight), between().


class SyncUser(FastHttpUser):
    """Asks POST /predict/sync for one prediction after the other."""

    @task
    def predict(self) -> None:
        """One prediction."""
        raise NotImplementedError("3.2: SyncUser sends nothing yet")


class AsyncUser(FastHttpUser):
    """Asks POST /predict/async for one prediction after the other."""

    @task
    def predict(self) -> None:
        """One prediction."""
        raise NotImplementedError("3.2: AsyncUser sends nothing yet")


class BrokenUser(FastHttpUser):
    """Asks POST /predict/broken for one prediction after the other."""

    @task
    def predict(self) -> None:
        """One prediction."""
        raise NotImplementedError("3.2: BrokenUser sends nothing yet")


class MixedUser(FastHttpUser):
    """Three predictions by POST /predict/async for each GET /users/{user_id}, with a pause after each."""

    # TODO 3.2: nobody pauses, and there is one task. Goal: pauses between 0.05 and 0.15 seconds, and a
    # second task, which looks up a user of an id between 1 and 100, a third as often as a prediction.
    @task
    def predict(self) -> None:
        """One prediction."""
        raise NotImplementedError("3.2: MixedUser sends nothing yet")


class StepLoad(LoadTestShape):
    """A load that grows in steps; Locust asks it once a second.

    It begins with at most 4 users and ends with at least 40. Each step has more users than the one before, at most twice as many, which all
    come at once; it lasts for at least 2 seconds. The whole takes at most 30 seconds.
    """

    # Locust takes a shape that it finds in the file for every run, whatever --users, --spawn-rate and --run-time say.
    # An abstract one it leaves alone.
    abstract = os.environ.get("LOAD_SHAPE") != "StepLoad"

    # TODO 3.5: the load doesn't grow. Goal: the steps that are described above, and None when they are over.
    # Tool: self.get_run_time() says how many seconds have passed.
    def tick(self) -> tuple[int, float] | None:
        """How many users there are to be now, and how many may start or stop in a second; None ends the run."""
        raise NotImplementedError("3.5: StepLoad has no steps yet")
