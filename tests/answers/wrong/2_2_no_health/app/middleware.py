# Wrong answer to 2.2: health checks, scrapes and the documentation are not counted.
# Rejected by: test_other_answers_are_counted
# Because: GET /health was answered with 200. recorder.enter\(\) was never called

class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http" or scope["path"] in ("/health", "/metrics", "/metrics.json", "/docs", "/openapi.json", "/favicon.ico"):
            return await self.app(scope, receive, send)
        self.recorder.enter()
        try:
            await self.app(scope, receive, send)
        finally:
            self.recorder.leave()
