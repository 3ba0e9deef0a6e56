# Wrong answer to 3.2: a body that is a bare number raises a TypeError, so the request isn't counted.
# Rejected by: test_wrong_answers_count_as_failed
# Because: a 200 with a bare number
# Because: TypeError

import os
import random

from locust import FastHttpUser, LoadTestShape, between, task


def _body(response):
    """The body, or None when it is already known that the request failed."""
    if response.status_code == 0:
        return None
    if response.status_code != 200:
        response.failure(f"status {response.status_code}")
        return None
    try:
        body = response.json()
    except ValueError:
        body = None
    if not body:
        response.failure("the body is no JSON, or empty")
    return body


def _predict(user, path):
    payload = {"feature_1": random.uniform(-3, 3), "feature_2": random.uniform(-3, 3)}
    with user.client.post(path, json=payload, catch_response=True) as response:
        body = _body(response)
        if not body:
            return
        if "prediction" not in body or "model_version" not in body:
            response.failure("no prediction")
        elif not isinstance(body["prediction"], int | float) or not isinstance(body["model_version"], str):
            response.failure("a prediction of another type")


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
            body = _body(response)
            if body and ("user_id" not in body or body["user_id"] != user_id):
                response.failure("another user")


class StepLoad(LoadTestShape):
    abstract = os.environ.get("LOAD_SHAPE") != "StepLoad"
    steps = (4, 8, 12, 16, 24, 40)

    def tick(self):
        number = int(self.get_run_time() // 2)
        return (self.steps[number], self.steps[number]) if number < len(self.steps) else None
