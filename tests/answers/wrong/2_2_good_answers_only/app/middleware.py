# Wrong answer to 2.2: only answers below 500 count out.
# Rejected by: test_other_answers_are_counted
# Because: /unavailable was answered with 503\. It is over, and recorder\.leave\(\) was never called


class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        self.recorder.enter()
        status = 200

        async def watch(message):
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await self.app(scope, receive, watch)
        except BaseException:
            self.recorder.leave()
            raise
        if status < 500:
            self.recorder.leave()
