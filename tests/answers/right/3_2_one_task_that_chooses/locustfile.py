# Right answer to 3.2: one task draws what is next, and raises ResponseError.

import json
import random

from locust import FastHttpUser, task
from locust.exception import ResponseError


def parsed(response):
    if response.status_code != 200:
        raise ResponseError(f"{response.status_code}")
    try:
        return dict(json.loads(response.text))
    except Exception as error:
        raise ResponseError("no JSON object") from error


def ask(client, path):
    body = {"feature_1": random.triangular(-1, 1), "feature_2": random.triangular(-1, 1)}
    with client.post(path, json=body, catch_response=True) as response:
        match parsed(response):
            case {"prediction": int() | float(), "model_version": str()}:
                response.success()
            case _:
                raise ResponseError("no prediction")


class SyncUser(FastHttpUser):
    @task
    def t(self):
        ask(self.client, "/predict/sync")


class AsyncUser(FastHttpUser):
    @task
    def t(self):
        ask(self.client, "/predict/async")


class BrokenUser(FastHttpUser):
    @task
    def t(self):
        ask(self.client, "/predict/broken")


class MixedUser(FastHttpUser):
    def wait_time(self):
        return random.uniform(0.05, 0.15)

    @task
    def choose(self):
        if random.choices(["predict", "user"], weights=[3, 1]) == ["predict"]:
            ask(self.client, "/predict/async")
            return
        wanted = random.randint(1, 100)
        with self.client.rename_request("/users/[user_id]"), self.client.get(f"/users/{wanted}", catch_response=True) as response:
            if parsed(response).get("user_id") != wanted:
                response.failure("another user")
