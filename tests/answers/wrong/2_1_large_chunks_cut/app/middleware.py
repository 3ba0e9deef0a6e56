# Wrong answer to 2.1: no more than 64 KiB of a chunk are passed on.
# Rejected by: test_nothing_is_changed
# Because: 262,144 bytes, and the client got 65,536

class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        async def send_on(message):
            if message["type"] == "http.response.body" and len(message.get("body", b"")) > 65536:
                message = {**message, "body": message["body"][:65536]}
            await send(message)
        await self.app(scope, receive, send_on)
