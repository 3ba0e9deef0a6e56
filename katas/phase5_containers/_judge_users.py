"""The judge's locustfile, in the place of the learner's: one user, who asks for nothing that an earlier exercise has to have built."""

from locust import FastHttpUser, constant, task


class JudgeUser(FastHttpUser):
    wait_time = constant(0.05)

    @task
    def ask(self) -> None:
        self.client.get("/health")
