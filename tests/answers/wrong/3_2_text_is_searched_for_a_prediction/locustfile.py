# Wrong answer to 3.2: the text of a prediction is searched and not parsed: what is wrapped in a list or another object, or no JSON at all, will do.
# Rejected by: test_wrong_answers_count_as_failed
# Because: a 200 with a right prediction (inside of another object|on a page of HTML)

import os
import random
import re

from locust import FastHttpUser, LoadTestShape, between, task


PREDICTION = re.compile(r'"prediction":\s*-?\d')
VERSION = re.compile(r'"model_version":\s*"')


def _predict(user, path):
    payload = {"feature_1": random.uniform(-3, 3), "feature_2": random.uniform(-3, 3)}
    with user.client.post(path, json=payload, catch_response=True) as response:
        if response.status_code == 0:
            return
        if response.status_code != 200:
            response.failure(f"status {response.status_code}")
        elif not (PREDICTION.search(response.text) and VERSION.search(response.text)):
            response.failure(f"no prediction: {response.text[:60]}")


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

    def tick(self):
        number = int(self.get_run_time() // 2)
        return (self.steps[number], self.steps[number]) if number < len(self.steps) else None
