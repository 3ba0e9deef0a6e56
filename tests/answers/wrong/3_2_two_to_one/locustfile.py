# Wrong answer to 3.2: two predictions for one user.
# Rejected by: test_mixed_users_ask_for_three_predictions_per_user
# Because: predict with 67% and look_up with 33%|Of 500 requests of MixedUser \d+ were for users

import random
from collections.abc import Callable
from typing import Any

from locust import FastHttpUser, between, task
from locust.contrib.fasthttp import ResponseContextManager


def _judge(response: ResponseContextManager, is_right: Callable[[Any], bool]) -> None:
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


def _is_prediction(body: Any) -> bool:
    return isinstance(body, dict) and type(body.get("prediction")) in (int, float) and isinstance(body.get("model_version"), str)


def _predict(user: FastHttpUser, path: str) -> None:
    payload = {"feature_1": random.uniform(-3, 3), "feature_2": random.uniform(-3, 3)}
    with user.client.post(path, json=payload, catch_response=True) as response:
        _judge(response, _is_prediction)


class SyncUser(FastHttpUser):
    @task
    def predict(self) -> None:
        _predict(self, "/predict/sync")


class AsyncUser(FastHttpUser):
    @task
    def predict(self) -> None:
        _predict(self, "/predict/async")


class BrokenUser(FastHttpUser):
    @task
    def predict(self) -> None:
        _predict(self, "/predict/broken")


class MixedUser(FastHttpUser):
    wait_time = between(0.05, 0.15)

    @task(2)
    def predict(self) -> None:
        _predict(self, "/predict/async")

    @task(1)
    def look_up(self) -> None:
        user_id = random.randint(1, 100)
        with self.client.get(f"/users/{user_id}", name="/users/[user_id]", catch_response=True) as response:
            _judge(response, lambda body: isinstance(body, dict) and body.get("user_id") == user_id)
