# Wrong answer to 2.2: a request is in flight until the first chunk of its body.
# Rejected by: test_a_stream_is_in_flight_to_its_last_byte
# Because: 1 chunk of three had been sent, and recorder\.leave\(\) had been called already


class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        self.recorder.enter()
        inside = True

        async def watch(message):
            nonlocal inside
            await send(message)
            if inside and message["type"] == "http.response.body":
                inside = False
                self.recorder.leave()

        try:
            await self.app(scope, receive, watch)
        finally:
            if inside:
                self.recorder.leave()
