# Wrong answer to 2.1: headers become a dict on their way, which keeps one cookie of two.
# Rejected by: test_headers_stay
# Because: which the client doesn't get: set-cookie: (first=1|second=2)


class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        async def rewrite(message):
            if message["type"] == "http.response.start":
                headers = dict(message["headers"])
                headers[b"x-process-time"] = b"0.000"
                message["headers"] = list(headers.items())
            await send(message)

        await self.app(scope, receive, rewrite)
