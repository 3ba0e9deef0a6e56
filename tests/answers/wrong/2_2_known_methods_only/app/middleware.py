# Wrong answer to 2.2: only the methods of a list are counted.
# Rejected by: test_other_answers_are_counted
# Because: PUT /items/7 .*never called

class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD", "POST", "DELETE"):
            return await self.app(scope, receive, send)
        self.recorder.enter()
        try:
            await self.app(scope, receive, send)
        finally:
            self.recorder.leave()
