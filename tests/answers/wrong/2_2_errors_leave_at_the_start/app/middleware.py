# Wrong answer to 2.2: an error is over when its answer begins.
# Rejected by: test_other_answers_are_counted
# Because: was answered with 404. recorder.leave\(\) was called before its answer had left

class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        left = False

        def leave():
            nonlocal left
            if not left:
                left = True
                self.recorder.leave()

        async def watch(message):
            if message["type"] == "http.response.start" and message["status"] >= 400:
                leave()
            await send(message)

        self.recorder.enter()
        try:
            await self.app(scope, receive, watch)
        finally:
            leave()
