"""A service of known capacity: so many requests at a time, each of which takes so long. More than that it can't do, and no less.

It is written on asyncio's protocols and costs little CPU, so that what limits it is its capacity alone. To load it yourself::

    .nox/katas/bin/python -m katas.phase3_load_testing.capacity --port 8200

``--freeze-at 6`` lets it stand still for a second, once, as a long collection of garbage would.
"""

import argparse
import asyncio
import heapq
import time
from dataclasses import dataclass, field

#: 8 at a time, each for 50 ms: 160 requests a second.
PLACES, SECONDS = 8, 0.05

_BODY = b'{"prediction": 0.5, "model_version": "1.0"}'
_ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (len(_BODY), _BODY)


@dataclass(eq=False)
class Asked:
    """One request: on which connection, when it came, and when it was answered."""

    connection: int
    came: float
    answered: float | None = None


@dataclass
class Capacity:
    """The service, and its own record of what came; times are those of the loop's clock."""

    places: int = PLACES
    seconds: float = SECONDS
    port: int = 0
    asked: list[Asked] = field(default_factory=list)
    #: When each connection was opened.
    opened: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._free = [0.0] * self.places
        self._server: asyncio.Server | None = None
        self._transports: set[asyncio.BaseTransport] = set()

    @property
    def rps(self) -> float:
        """How many requests it can answer in a second."""
        return self.places / self.seconds

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> "Capacity":
        """Listens."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), "127.0.0.1", self.port, backlog=1024)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def stop(self) -> None:
        """Hangs up on everybody."""
        if self._server is not None:
            self._server.close()
        for transport in list(self._transports):
            transport.close()
        await asyncio.sleep(0)

    def take(self, now: float) -> float:
        """When a request that comes now will be done: as soon as a place is free, and then ``seconds`` later.

        A place is free from when its last request *should* have been done, so a busy machine, which lets timers come late, takes
        nothing away from the capacity as long as requests are waiting.
        """
        done = max(now, self._free[0]) + self.seconds
        heapq.heapreplace(self._free, done)
        return done


class _Connection(asyncio.Protocol):
    """A connection, on which one request comes after the other, as simulated users send them."""

    def __init__(self, service: Capacity) -> None:
        self._service = service
        self._loop = asyncio.get_running_loop()
        self._number = len(service.opened)
        self._data = b""
        service.opened.append(self._loop.time())

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._service._transports.add(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._service._transports.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        self._data += data
        head, blank, body = self._data.partition(b"\r\n\r\n")
        if not blank:
            return
        length = next((int(line.partition(b":")[2]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
        if len(body) < length:
            return
        self._data = body[length:]
        now = self._loop.time()
        asked = Asked(self._number, now)
        self._service.asked.append(asked)
        self._loop.call_at(self._service.take(now), self._answer, asked)

    def _answer(self, asked: Asked) -> None:
        if self._transport.is_closing():
            return
        self._transport.write(_ANSWER)
        asked.answered = self._loop.time()


async def _serve(arguments: argparse.Namespace) -> None:
    service = await Capacity(arguments.places, arguments.seconds, arguments.port).start()
    print(f"{service.url} answers {service.rps:g} requests a second. Ctrl-C ends it.", flush=True)
    if arguments.freeze_at is not None:
        asyncio.get_running_loop().call_later(arguments.freeze_at, time.sleep, arguments.freeze)
    await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=8200)
    parser.add_argument("--places", type=int, default=PLACES, help="how many requests it handles at a time")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="how long each takes")
    parser.add_argument("--freeze-at", type=float, metavar="SECONDS", help="when it stands still, once, counted from its start")
    parser.add_argument("--freeze", type=float, default=1.0, metavar="SECONDS", help="for how long")
    try:
        asyncio.run(_serve(parser.parse_args()))
    except KeyboardInterrupt:
        pass
