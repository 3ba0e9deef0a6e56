# Wrong answer to 2.1: whatever is no HTTP request is dropped.
# Rejected by: test_the_service_starts_and_stops
# Because: scope\["type"\] == "lifespan", and the application was never told


class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return
        await self.app(scope, receive, send)
