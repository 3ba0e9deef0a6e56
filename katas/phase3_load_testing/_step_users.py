"""A locustfile of the judge's, for 3.5: users without a pause, and the learner's StepLoad, which says how many."""

from locust import FastHttpUser, task

from locustfile import StepLoad  # the learner's

__all__ = ["StepLoad"]


class StepUser(FastHttpUser):
    """Asks again as soon as it has an answer."""

    @task
    def ask(self) -> None:
        """One request."""
        self.client.post("/predict/async", json={"feature_1": 0.5, "feature_2": -1.5})
