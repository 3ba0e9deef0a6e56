# Wrong answer to 3.1: a script of its own that ends the process.
# Rejected by: test_locust_loads_the_locustfile
# Because: exit status 3

import sys

from locust import FastHttpUser, task


class SyncUser(FastHttpUser):
    @task
    def predict(self):
        self.client.post("/predict/sync", json={"feature_1": 0.5, "feature_2": 1.5})


print("No host? Give one with --host.")
sys.exit(3)
