# Wrong answer to 2.1: its header replaces all others.
# Rejected by: test_headers_stay
# Because: which the client doesn't get: x-own: kept content-length: 17


class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        async def rewrite(message):
            if message["type"] == "http.response.start":
                message = {**message, "headers": [(b"x-process-time", b"0.000")]}
            await send(message)

        await self.app(scope, receive, rewrite)
