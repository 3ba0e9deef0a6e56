# Wrong answer to 2.2: BaseHTTPMiddleware: call_next() returns when the answer begins.
# Rejected by: test_a_request_is_counted
# Because: before the answer to GET /plain had left

from starlette.middleware.base import BaseHTTPMiddleware


class TimingMiddleware(BaseHTTPMiddleware):
    def __init__(self, app, recorder):
        super().__init__(app)
        self.recorder = recorder

    async def dispatch(self, request, call_next):
        self.recorder.enter()
        try:
            return await call_next(request)
        finally:
            self.recorder.leave()
