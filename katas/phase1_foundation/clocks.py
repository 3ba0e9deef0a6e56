"""The judge's hand on the clock of the event loop on which exercise 1.4 calls burst(); the other end is ``_held_clock.py``."""

import asyncio
from types import TracebackType
from typing import Self

#: How long a loop gets to do what is due; one that is held by a synchronous call never does. In seconds.
PATIENCE = 1.0


class LoopClock:
    """Listens on ``port`` for the loop whose clock it holds."""

    def __init__(self) -> None:
        self.port = 0
        self._said = 0
        self._line: asyncio.Future[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.get_running_loop().create_future()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.close()
        if self._line.done():
            self._line.result()[1].close()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._line.done():
            writer.close()
        else:
            self._line.set_result((reader, writer))

    async def held(self) -> None:
        """Returns when it holds the clock of a loop."""
        await asyncio.shield(self._line)

    async def to_the_next_timer(self) -> bool:
        """Lets the timers go off that are due first, should that be soon; False when the loop was too busy for it."""
        return await self._say("next")

    async def leap(self, seconds: float) -> None:
        """Lets ``seconds`` pass at once; from then on the clock goes as clocks do."""
        await self._say("leap", str(seconds))

    async def _say(self, what: str, *more: str) -> bool:
        if not self._line.done():
            return False
        reader, writer = self._line.result()
        self._said += 1
        writer.write(" ".join((what, str(self._said), *more)).encode() + b"\n")
        try:
            async with asyncio.timeout(PATIENCE):
                while word := await reader.readline():
                    if int(word) == self._said:
                        return True
        except (TimeoutError, ConnectionError):
            pass
        return False
