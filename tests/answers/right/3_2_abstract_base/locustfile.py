# Right answer to 3.2: an abstract base class that pauses, and a mapping of weights.

import random

from locust import FastHttpUser, between, task


class Client(FastHttpUser):
    abstract = True
    path = ""
    wait_time = between(0.05, 0.15)

    def check(self, response, expected):
        if response.error or response.status_code != 200:
            response.failure(f"status {response.status_code}") if response.status_code else None
            return
        try:
            answer = response.json()
            if not expected(answer):
                response.failure(f"unexpected: {response.text[:50]}")
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            response.failure(error)

    def predict(self):
        features = {f"feature_{i}": random.random() * 10 - 5 for i in (1, 2)}
        with self.client.request("POST", self.path, json=features, catch_response=True) as response:
            response.error = getattr(response, "error", None)
            self.check(response, lambda a: isinstance(a["prediction"], float) and isinstance(a["model_version"], str))


class SyncUser(Client):
    path = "/predict/sync"
    tasks = [Client.predict]


class AsyncUser(Client):
    path = "/predict/async"
    tasks = [Client.predict]


class BrokenUser(Client):
    path = "/predict/broken"
    tasks = [Client.predict]


def look_up(user):
    number = random.choice(range(1, 101))
    with user.client.get(f"/users/{number}", catch_response=True, name="/users/[user_id]") as response:
        response.error = getattr(response, "error", None)
        user.check(response, lambda a: a["user_id"] == number)


class MixedUser(Client):
    path = "/predict/async"
    tasks = {Client.predict: 3, look_up: 1}
