# Wrong answer to 2.2: the last message counts out, and so does the end.
# Rejected by: test_a_request_is_counted
# Because: leave\(\) was called 2 times


class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        self.recorder.enter()

        async def watch(message):
            await send(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                self.recorder.leave()

        try:
            await self.app(scope, receive, watch)
        finally:
            self.recorder.leave()
