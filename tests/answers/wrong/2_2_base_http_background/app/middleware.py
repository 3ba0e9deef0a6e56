# Wrong answer to 2.2: BaseHTTPMiddleware: counted out by a background task of the response, which is not run after an error.
# Rejected by: test_errors_are_counted_out or test_who_is_canceled_is_counted_out
# Because: leave\(\) was never called

from starlette.background import BackgroundTask
from starlette.middleware.base import BaseHTTPMiddleware


class TimingMiddleware(BaseHTTPMiddleware):
    def __init__(self, app, recorder):
        super().__init__(app)
        self.recorder = recorder

    async def dispatch(self, request, call_next):
        self.recorder.enter()
        response = await call_next(request)
        response.background = BackgroundTask(self.recorder.leave)
        return response
