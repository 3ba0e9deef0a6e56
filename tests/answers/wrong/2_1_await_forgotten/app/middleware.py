# Wrong answer to 2.1: the application is called, and nobody awaits it.
# Rejected by: test_a_request_passes
# Because: GET /plain answered 500


class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        return self.app(scope, receive, send)
