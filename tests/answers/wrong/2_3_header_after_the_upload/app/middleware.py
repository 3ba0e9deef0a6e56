# Wrong answer to 2.3: the sample is right, and the header counts from the last part of the request's body, so an upload of a minute took no time.
# Rejected by: test_an_upload_is_part_of_the_time
# Because: X-Process-Time is .*It was the answer to POST /upload

import time

from app.recorder import route_label


class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = complete = time.perf_counter()
        status, end = 500, None

        async def receive_on():
            nonlocal complete
            message = await receive()
            if message["type"] == "http.request" and message.get("body"):
                complete = time.perf_counter()  # processing begins when all of it is there
            return message

        async def send_on(message):
            nonlocal status, end
            if message["type"] == "http.response.start":
                status = message["status"]
                header = (b"x-process-time", f"{time.perf_counter() - complete:.6f}".encode())
                message = {**message, "headers": [*message.get("headers", []), header]}
            await send(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                end = time.perf_counter()

        self.recorder.enter()
        try:
            await self.app(scope, receive_on, send_on)
        finally:
            self.recorder.leave()
            self.recorder.observe(scope["method"], route_label(scope), status, (end or time.perf_counter()) - began)
