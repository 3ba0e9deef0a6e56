# Wrong answer to 2.2: who leaves is counted out when it leaves, and at the end again.
# Rejected by: test_who_leaves_is_counted_out
# Because: leave\(\) was called 2 times


class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        answered = False

        async def listen():
            message = await receive()
            if message["type"] == "http.disconnect" and not answered:
                self.recorder.leave()
            return message

        async def watch(message):
            nonlocal answered
            answered = message["type"] == "http.response.body" and not message.get("more_body")
            await send(message)

        self.recorder.enter()
        try:
            await self.app(scope, listen, watch)
        finally:
            self.recorder.leave()
