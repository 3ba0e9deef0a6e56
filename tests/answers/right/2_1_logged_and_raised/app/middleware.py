# Right answer to 2.1: a method for each type; exceptions are logged and raised again.

import logging
from starlette.datastructures import MutableHeaders
from starlette.types import Message, Receive, Scope, Send
logger = logging.getLogger(__name__)

class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        handler = {"http": self._http, "websocket": self._websocket}.get(scope["type"], self._other)
        logger.debug("%s", scope["type"])
        try:
            await handler(scope, receive, send)
        except Exception:
            logger.exception("failed")
            raise

    async def _http(self, scope, receive, send):
        async def send_wrapper(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.append("X-Process-Time", "0.0")
            await send(message)
        await self.app(scope, receive, send_wrapper)

    async def _websocket(self, scope, receive, send):
        await self.app(scope, receive, send)

    async def _other(self, scope, receive, send):
        await self.app(scope, receive, send)
