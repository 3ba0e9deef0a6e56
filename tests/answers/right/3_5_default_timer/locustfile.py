# Right answer to 3.5: the clock is timeit's default_timer.

import os
import random
from timeit import default_timer

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
    began = None

    def reset_time(self):
        super().reset_time()
        self.began = None

    def tick(self):
        if self.began is None:
            self.began = default_timer()
        number = int((default_timer() - self.began) / 2.5)
        return (self.steps[number], 40) if number < len(self.steps) else None
