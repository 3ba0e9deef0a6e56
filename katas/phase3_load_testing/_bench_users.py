"""A locustfile of the judge's: is there a Locust here that works?"""

from locust import FastHttpUser, constant, task


class BenchUser(FastHttpUser):
    """Asks GET /bench, pauses, and asks again."""

    wait_time = constant(0.02)

    @task
    def ask(self) -> None:
        """One request."""
        self.client.get("/bench")
