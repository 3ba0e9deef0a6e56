"""A locustfile of the judge's, for 3.4: requests with every kind of name, some of which fail, and one that is never sent."""

from locust import FastHttpUser, constant, task


class NamedUser(FastHttpUser):
    """Asks for one thing after the other."""

    wait_time = constant(0.01)

    @task
    def ask(self) -> None:
        """A request of each name."""
        self.client.get("/quick", name="Aggregated")
        self.client.get("/slow", name='a "name", with commas\nand lines')
        self.client.post("/fails", name="fails", json={})
