# Wrong answer to 2.2: counted out at the last byte, and once more when a background task fails.
# Rejected by: test_errors_are_counted_out
# Because: its background task raised RuntimeError. recorder.leave\(\) was called 2 times

class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        done = False
        async def watch(message):
            nonlocal done
            await send(message)
            if message["type"] == "http.response.body" and not message.get("more_body", False):
                done = True
                self.recorder.leave()
        self.recorder.enter()
        try:
            await self.app(scope, receive, watch)
        except BaseException:
            self.recorder.leave()
            raise
        if not done:
            self.recorder.leave()
