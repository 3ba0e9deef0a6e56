# Wrong answer to 2.1: messages that it does not know are dropped.
# Rejected by: test_messages_of_other_kinds_pass
# Because: early_hint


class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def watch(message):
            if message["type"] == "http.response.start":
                await send(message)
            elif message["type"] == "http.response.body":
                await send(message)

        await self.app(scope, receive, watch)
