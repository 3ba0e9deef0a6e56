# Wrong answer to 3.1: all users are abstract.
# Rejected by: test_locust_loads_the_locustfile
# Because: finds no user in it

from locust import FastHttpUser, task


class SyncUser(FastHttpUser):
    abstract = True

    @task
    def predict(self):
        self.client.post("/predict/sync", json={"feature_1": 0.5, "feature_2": 1.5})
