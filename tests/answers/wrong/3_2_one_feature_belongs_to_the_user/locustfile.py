# Wrong answer to 3.2: feature_1 belongs to the user and stays as it is; only feature_2 differs from request to request.
# Rejected by: test_payloads_vary
# Because: Each user of the class SyncUser repeated its own feature_1

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
    payload = {"feature_1": user.age, "feature_2": random.uniform(-3, 3)}
    with user.client.post(path, json=payload, catch_response=True) as response:
        _judge(response, _is_prediction)


class Person(FastHttpUser):
    abstract = True

    def on_start(self):
        self.age = round(random.uniform(18, 90), 2)


class SyncUser(Person):
    @task
    def predict(self):
        _predict(self, "/predict/sync")


class AsyncUser(Person):
    @task
    def predict(self):
        _predict(self, "/predict/async")


class BrokenUser(Person):
    @task
    def predict(self):
        _predict(self, "/predict/broken")


class MixedUser(Person):
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

    def tick(self):
        number = int(self.get_run_time() // 2)
        return (self.steps[number], self.steps[number]) if number < len(self.steps) else None
