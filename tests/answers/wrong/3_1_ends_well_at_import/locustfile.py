# Wrong answer to 3.1: a script's last line ends Locust at import, and says that all went well.
# Rejected by: test_locust_loads_the_locustfile
# Because: with exit status 0 and before it had listed the users
# Because: sys\.exit\(\)

import sys

from locust import FastHttpUser, task


class SyncUser(FastHttpUser):
    @task
    def predict(self):
        self.client.post("/predict/sync", json={"feature_1": 0.5, "feature_2": 1.5})


def main() -> int:
    return 0


sys.exit(main())
