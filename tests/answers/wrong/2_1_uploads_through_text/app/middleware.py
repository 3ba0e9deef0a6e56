# Wrong answer to 2.1: each part of a request's body is made ASCII, so an upload is as long as it was, and broken.
# Rejected by: test_a_body_flows_in
# Because: They differ from byte 5 on.* got: .*\?\?


class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def receive_on():
            message = await receive()
            if message["type"] == "http.request":
                text = message.get("body", b"").decode("ascii", errors="replace")
                message = {**message, "body": text.encode("ascii", errors="replace")}
            return message

        await self.app(scope, receive_on, send)
