# Wrong answer to 2.1: what goes wrong with sending is logged, as the client will have left.
# Rejected by: test_an_exception_passes
# Because: send. raised ConnectionResetError, .*no exception

import logging


class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return await self.app(scope, receive, send)

        async def send_on(message):
            try:
                await send(message)
            except (OSError, RuntimeError) as error:
                logging.getLogger(__name__).warning("the client has left: %s", error)

        await self.app(scope, receive, send_on)
