# Right answer to 3.1: the service's own modules are imported.

import random

from locust import HttpUser, between

from app.schemas import PredictRequest


def predict(user):
    request = PredictRequest(feature_1=random.random(), feature_2=random.random())
    user.client.post("/predict/async", json=request.model_dump())


class AnyUser(HttpUser):
    wait_time = between(1, 2)
    tasks = [predict]
