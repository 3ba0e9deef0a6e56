# Wrong answer to 2.2: the request is counted out before its answer was passed on.
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
            if inside and message["type"] == "http.response.body" and not message.get("more_body"):
                inside = False
                self.recorder.leave()
            await send(message)

        try:
            await self.app(scope, receive, watch)
        finally:
            if inside:
                self.recorder.leave()
