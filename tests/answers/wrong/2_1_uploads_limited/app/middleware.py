# Wrong answer to 2.1: of a large upload only the first megabyte arrives.
# Rejected by: test_who_is_slow_is_waited_for
# Because: The client sent 4,194,304 bytes

class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        size = 0
        async def limited():
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > 1_000_000:
                return {"type": "http.disconnect"}
            return message
        await self.app(scope, limited, send)
