# Wrong answer to 2.1: an exception is logged, and that is all that anybody learns of it.
# Rejected by: test_an_exception_passes
# Because: raised RuntimeError\. What left the middleware was no exception

import logging

logger = logging.getLogger(__name__)


class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        try:
            await self.app(scope, receive, send)
        except Exception:
            logger.exception("the application failed")
