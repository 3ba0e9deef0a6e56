# Wrong answer to 2.1: every answer gets a header with the name of the middleware.
# Rejected by: test_headers_stay
# Because: which the application didn't send: via: TimingMiddleware


class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        async def sign(message):
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], (b"via", b"TimingMiddleware")]}
            await send(message)

        await self.app(scope, receive, sign)
