# Wrong answer to 2.2: while one request is in flight, others are not counted.
# Rejected by: test_requests_in_flight_are_counted
# Because: enter\(\) had been called 1 time


class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder
        self.busy = False

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        if self.busy:
            await self.app(scope, receive, send)
            return
        self.busy = True
        self.recorder.enter()
        try:
            await self.app(scope, receive, send)
        finally:
            self.busy = False
            self.recorder.leave()
