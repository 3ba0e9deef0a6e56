# Wrong answer to 2.2: only GET requests are counted.
# Rejected by: test_other_answers_are_counted
# Because: HEAD /plain was answered with 200\. recorder\.enter\(\) was never called


class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http" or scope["method"] != "GET":
            await self.app(scope, receive, send)
            return
        self.recorder.enter()
        try:
            await self.app(scope, receive, send)
        finally:
            self.recorder.leave()
