# Wrong answer to 3.1: the service is asked at import, when it need not be there.
# Rejected by: test_locust_loads_the_locustfile
# Because: Connection refused
# Because: raised at locustfile\.py:10

from urllib.request import urlopen

from locust import FastHttpUser, task

assert urlopen("http://127.0.0.1:9/health", timeout=2).status == 200


class SyncUser(FastHttpUser):
    @task
    def predict(self):
        self.client.post("/predict/sync", json={"feature_1": 0.5, "feature_2": 1.5})
