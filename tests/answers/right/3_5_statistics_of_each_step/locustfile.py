# Right answer to 3.5: at the end of each step Locust's own figures of it are logged, and the statistics begin anew.

import logging
import os
import random

from locust import FastHttpUser, LoadTestShape, between, task


def _judge(response, is_right):
    if response.status_code == 0:
        return
    if response.status_code != 200:
        return response.failure(f"status {response.status_code}")
    try:
        body = response.json()
    except Exception:
        return response.failure("the body is no JSON")
    if not is_right(body):
        response.failure("the body is wrong")


def _is_prediction(body):
    return isinstance(body, dict) and type(body.get("prediction")) in (int, float) and isinstance(body.get("model_version"), str)


def _predict(user, path):
    payload = {"feature_1": random.uniform(-3, 3), "feature_2": random.uniform(-3, 3)}
    with user.client.post(path, json=payload, catch_response=True) as response:
        _judge(response, _is_prediction)


class SyncUser(FastHttpUser):
    @task
    def predict(self):
        _predict(self, "/predict/sync")


class AsyncUser(FastHttpUser):
    @task
    def predict(self):
        _predict(self, "/predict/async")


class BrokenUser(FastHttpUser):
    @task
    def predict(self):
        _predict(self, "/predict/broken")


class MixedUser(FastHttpUser):
    wait_time = between(0.05, 0.15)

    @task(3)
    def predict(self):
        _predict(self, "/predict/async")

    @task(1)
    def look_up(self):
        user_id = random.randint(1, 100)
        with self.client.get(f"/users/{user_id}", name="/users/[user_id]", catch_response=True) as response:
            _judge(response, lambda body: isinstance(body, dict) and body.get("user_id") == user_id)


class StepLoad(LoadTestShape):
    abstract = os.environ.get("LOAD_SHAPE") != "StepLoad"
    steps = (4, 8, 12, 16, 24, 40)
    seconds_each = 2.5
    current = None

    def tick(self):
        number = int(self.get_run_time() // self.seconds_each)
        if number != self.current:
            self.report()
            self.current = number
        if number >= len(self.steps):
            return None
        return self.steps[number], self.steps[number]

    def report(self):
        """What the step that is over was like; the next one has statistics of its own."""
        stats = self.runner.stats
        if self.current is not None:
            total = stats.total
            logging.info("%d users: %.1f requests/s, p95 %s ms", self.steps[self.current], total.num_requests / self.seconds_each,
                         total.get_response_time_percentile(0.95))
        stats.reset_all()
