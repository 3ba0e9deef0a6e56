# Right answer to 2.1, 2.2: who has its answer is counted out, though a background task goes on.


class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        inside = True
        self.recorder.enter()

        def leave():
            nonlocal inside
            if inside:
                inside = False
                self.recorder.leave()

        async def watch(message):
            await send(message)
            if message["type"] == "http.response.pathsend" or (message["type"] == "http.response.body" and not message.get("more_body")):
                leave()

        try:
            await self.app(scope, receive, watch)
        finally:
            leave()
