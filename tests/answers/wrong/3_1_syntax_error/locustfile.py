# Wrong answer to 3.1: a colon is missing.
# Rejected by: test_locust_loads_the_locustfile
# Because: SyntaxError: expected ':'

from locust import FastHttpUser, task


class SyncUser(FastHttpUser)
    @task
    def predict(self):
        self.client.post("/predict/sync", json={"feature_1": 0.5, "feature_2": 1.5})
