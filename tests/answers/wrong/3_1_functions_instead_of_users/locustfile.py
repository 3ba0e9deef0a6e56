# Wrong answer to 3.1: there are tasks and nobody who does them.
# Rejected by: test_locust_loads_the_locustfile
# Because: finds no user in it

from locust import task


@task
def predict(user):
    user.client.post("/predict/sync", json={"feature_1": 0.5, "feature_2": 1.5})
