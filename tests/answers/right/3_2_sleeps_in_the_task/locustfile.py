# Right answer to 3.2: the task itself pauses; the classes come from a factory.

import random

import gevent
from locust import FastHttpUser, task


def checked(user, method, path, good, **options):
    with user.client.request(method, path, catch_response=True, **options) as r:
        if r.status_code == 200:
            try:
                fine = good(r.json())
            except Exception:
                fine = False
            if not fine:
                r.failure("bad answer")
        elif r.status_code:
            r.failure(f"bad status {r.status_code}")


def predicting(path):
    def predict(user):
        checked(user, "POST", path, lambda j: type(j["prediction"]) is float and type(j["model_version"]) is str,
                json={"feature_1": random.random(), "feature_2": -random.random()})

    return predict


def user_class(name, *tasks):
    return type(name, (FastHttpUser,), {"tasks": list(tasks)})


SyncUser = user_class("SyncUser", predicting("/predict/sync"))
AsyncUser = user_class("AsyncUser", predicting("/predict/async"))
BrokenUser = user_class("BrokenUser", predicting("/predict/broken"))


class MixedUser(FastHttpUser):
    @task(3)
    def predict(self):
        predicting("/predict/async")(self)
        gevent.sleep(random.uniform(0.05, 0.15))

    @task
    def look_up(self):
        number = 1 + int(100 * random.random())
        checked(self, "GET", f"/users/{number}", lambda j: j["user_id"] == number, name="/users/[user_id]")
        gevent.sleep(random.uniform(0.05, 0.15))
