# Wrong answer to 2.2: a request is in flight until its response starts.
# Rejected by: test_a_request_is_counted
# Because: before the answer to GET /plain had left


class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        self.recorder.enter()
        inside = True

        async def watch(message):
            nonlocal inside
            await send(message)
            if inside:
                inside = False
                self.recorder.leave()

        try:
            await self.app(scope, receive, watch)
        finally:
            if inside:
                self.recorder.leave()
