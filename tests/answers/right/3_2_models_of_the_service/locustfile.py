# Right answer to 3.2: the service's own models read what comes back.

import random

from locust import FastHttpUser, between, task
from pydantic import BaseModel, ValidationError

from app.schemas import PredictRequest, PredictResponse


class User(BaseModel):
    user_id: int


def load(client, path):
    request = PredictRequest(feature_1=random.expovariate(1), feature_2=random.uniform(0, 1))
    with client.post(path, data=request.model_dump_json(), headers={"Content-Type": "application/json"}, catch_response=True) as response:
        if response.status_code != 200:
            response.failure(f"HTTP {response.status_code}")
            return
        try:
            PredictResponse.model_validate_json(response.content)
        except ValidationError as error:
            response.failure(error)


class SyncUser(FastHttpUser):
    @task
    def predict(self):
        load(self.client, "/predict/sync")


class AsyncUser(FastHttpUser):
    @task
    def predict(self):
        load(self.client, "/predict/async")


class BrokenUser(FastHttpUser):
    @task
    def predict(self):
        load(self.client, "/predict/broken")


class MixedUser(FastHttpUser):
    wait_time = between(0.05, 0.15)

    @task(3)
    def predict(self):
        load(self.client, "/predict/async")

    @task
    def user(self):
        user_id = random.randint(1, 100)
        with self.client.get(f"/users/{user_id}", name="/users/[user_id]", catch_response=True) as response:
            if response.status_code != 200:
                response.failure(f"HTTP {response.status_code}")
                return
            try:
                if User.model_validate_json(response.content).user_id != user_id:
                    response.failure("someone else")
            except ValidationError as error:
                response.failure(error)
