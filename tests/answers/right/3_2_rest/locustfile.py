# Right answer to 3.2: Locust's rest(), whose assertions count as failures.

import random

from locust import FastHttpUser, between, task


def numbers():
    return {"feature_1": round(random.gauss(0, 1), 3), "feature_2": round(random.gauss(0, 1), 3)}


class PredictionMixin:
    def ask(self, path):
        with self.rest("POST", path, json=numbers()) as response:
            assert response.status_code == 200, f"status {response.status_code}"
            assert isinstance(response.js["prediction"], (int, float)), "no number"
            assert isinstance(response.js["model_version"], str), "no version"


class SyncUser(PredictionMixin, FastHttpUser):
    @task
    def go(self):
        self.ask("/predict/sync")


class AsyncUser(PredictionMixin, FastHttpUser):
    @task
    def go(self):
        self.ask("/predict/async")


class BrokenUser(PredictionMixin, FastHttpUser):
    @task
    def go(self):
        self.ask("/predict/broken")


class MixedUser(PredictionMixin, FastHttpUser):
    wait_time = between(0.05, 0.15)

    @task(6)
    def prediction(self):
        self.ask("/predict/async")

    @task(2)
    def user(self):
        wanted = random.randrange(1, 101)
        with self.rest("GET", f"/users/{wanted}", name="/users/[user_id]") as response:
            assert response.status_code == 200
            assert response.js["user_id"] == wanted, f"asked for {wanted}"
