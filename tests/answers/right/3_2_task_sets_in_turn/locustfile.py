# Right answer to 3.2: a sequence of four, ids counted up, payloads from a list.

import itertools
import random
import time

from locust import FastHttpUser, SequentialTaskSet, between, task

PAYLOADS = [{"feature_1": a / 4, "feature_2": b / 4} for a in range(-4, 5) for b in range(-4, 5)]
IDS = itertools.cycle(range(1, 101))


def problem(response, good):
    if response.status_code != 200:
        return "not answered well"
    try:
        return "" if good(response.json()) else "wrong body"
    except Exception as error:
        return repr(error)


def predict(user, path):
    with user.client.post(path, json=random.choice(PAYLOADS), catch_response=True) as response:
        why = problem(response, lambda j: j["prediction"] + 0.0 is not None and j["model_version"] + "" == j["model_version"])
        if why:
            response.failure(why)


class SyncUser(FastHttpUser):
    @task
    def one(self):
        predict(self, "/predict/sync")


class AsyncUser(FastHttpUser):
    @task
    def one(self):
        predict(self, "/predict/async")


class BrokenUser(FastHttpUser):
    @task
    def one(self):
        predict(self, "/predict/broken")


class MixedUser(FastHttpUser):
    @task
    class Visit(SequentialTaskSet):
        wait_time = between(0.05, 0.15)

        @task
        def first(self):
            predict(self.user, "/predict/async")

        @task
        def second(self):
            predict(self.user, "/predict/async")

        @task
        def third(self):
            predict(self.user, "/predict/async")

        @task
        def look_up(self):
            user_id = next(IDS)
            with self.client.get(f"/users/{user_id}", name="/users/[user_id]", catch_response=True) as response:
                why = problem(response, lambda j: j["user_id"] == user_id)
                if why:
                    response.failure(why)
