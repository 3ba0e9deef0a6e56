# Wrong answer to 2.3: BaseHTTPMiddleware: call_next() returns when the answer begins.
# Rejected by: test_the_sample_reaches_to_the_last_byte or test_a_request_is_observed or test_times_are_told_to_the_millisecond
# Because: The time that observe\(\) was told

import time

from starlette.middleware.base import BaseHTTPMiddleware

from app.recorder import route_label


class TimingMiddleware(BaseHTTPMiddleware):
    def __init__(self, app, recorder):
        super().__init__(app)
        self.recorder = recorder

    async def dispatch(self, request, call_next):
        began = time.perf_counter()
        status = 500
        try:
            response = await call_next(request)
            status = response.status_code
            response.headers["X-Process-Time"] = f"{time.perf_counter() - began:.6f}"
            return response
        finally:
            self.recorder.observe(request.method, route_label(request.scope), status, time.perf_counter() - began)
