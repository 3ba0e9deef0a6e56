# Right answer to 3.1: users that can do nothing yet.

from locust import FastHttpUser, task


class SyncUser(FastHttpUser):
    @task
    def predict(self):
        raise NotImplementedError("later")
