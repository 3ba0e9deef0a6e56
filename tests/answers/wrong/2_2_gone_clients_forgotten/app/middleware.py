# Wrong answer to 2.2: who leaves in the middle of an answer is never counted out.
# Rejected by: test_who_leaves_is_counted_out
# Because: left after the first of three chunks.*leave\(\) was never called


class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        done = False

        async def watch(message):
            nonlocal done
            await send(message)
            done = message["type"] != "http.response.start" and not message.get("more_body")

        self.recorder.enter()
        try:
            await self.app(scope, receive, watch)
        except BaseException:
            done = True
            raise
        finally:
            if done:
                self.recorder.leave()
