# Wrong answer to 2.1: each part of an answer's body is decoded and encoded again, so a picture is broken.
# Rejected by: test_nothing_is_changed
# Because: GET /large with 262,144 bytes, and the client got 524,288\. They differ from byte 128 on


class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_on(message):
            if message["type"] == "http.response.body":
                text = message.get("body", b"").decode("utf-8", errors="replace")
                message = {**message, "body": text.encode("utf-8")}
            await send(message)

        await self.app(scope, receive, send_on)
