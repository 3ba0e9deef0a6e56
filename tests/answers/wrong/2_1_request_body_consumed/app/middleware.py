# Wrong answer to 2.1: the request is read for its size, and the application gets none of it.
# Rejected by: test_a_body_flows_in
# Because: POST /upload|never came to where its endpoint had read


class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        if scope["type"] == "http":
            size, more = 0, True
            while more:
                message = await receive()
                size += len(message.get("body", b""))
                more = message.get("more_body", False)
        await self.app(scope, receive, send)
