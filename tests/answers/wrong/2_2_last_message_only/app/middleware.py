# Wrong answer to 2.2: only the last message counts out, and some answers have none.
# Rejected by: test_other_answers_are_counted or test_errors_are_counted_out
# Because: leave\(\) was never called


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

        await self.app(scope, receive, watch)
