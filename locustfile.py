"""Simulated users for load tests: the stub of exercise 3.2, whose kata is still to come.

It can be imported and holds no users yet, so Locust refuses to start with it and says so.
"""

# TODO 3.2: nobody loads the service. Goal: SyncUser, AsyncUser, BrokenUser and MixedUser.
# Tool: locust.FastHttpUser, @task, between().
