# Wrong answer to 2.2: whether a request has left already is noted in the middleware, for all requests at once.
# Rejected by: test_requests_are_counted_each_by_itself
# Because: had been called 1 and then 1 times
# Because: In `self` all find the last one.s


class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder
        self.left = False

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_on(message):
            await send(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                # It has its answer: a background task keeps no client waiting.
                self.recorder.leave()
                self.left = True

        self.recorder.enter()
        self.left = False
        try:
            await self.app(scope, receive, send_on)
        finally:
            if not self.left:  # it has raised, was canceled, or its client is gone
                self.recorder.leave()
