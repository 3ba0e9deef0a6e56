# Right answer to 2.1, 2.2, 2.3: the measurement lies in a context variable, of which each request has its own.

import contextvars
import time
from dataclasses import dataclass, field

from app.recorder import Recorder, route_label


@dataclass
class Measurement:
    status: int = 500
    began: float = field(default_factory=time.perf_counter)
    ended: float = 0.0


measurement = contextvars.ContextVar("measurement")


@dataclass
class TimingMiddleware:
    app: object
    recorder: Recorder

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        measurement.set(mine := Measurement())

        async def watch(message):
            current = measurement.get()
            if "status" in message:
                current.status = message["status"]
                message = {**message, "headers": [*message["headers"], (b"X-PROCESS-TIME", f"{time.perf_counter() - current.began:.4f}".encode())]}
            await send(message)
            if message["type"] == "http.response.body":
                current.ended = time.perf_counter()

        self.recorder.enter()
        try:
            await self.app(scope, receive, watch)
        finally:
            self.recorder.leave()
            ended = mine.ended or time.perf_counter()
            self.recorder.observe(scope["method"], route_label(scope), mine.status, ended - mine.began)
