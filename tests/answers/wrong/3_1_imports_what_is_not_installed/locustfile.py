# Wrong answer to 3.1: a plugin is imported that isn't here.
# Rejected by: test_locust_loads_the_locustfile
# Because: No module named 'locust_swarm_of_bees'

from locust import FastHttpUser, task
from locust_swarm_of_bees import sting


class SyncUser(FastHttpUser):
    @task
    def predict(self):
        sting(self.client, "/predict/sync")
