"""A TCP gate: it passes on what a service asks a real server, and holds the answers.

The server does its work at once; only its answer is kept back. So a held call is one that was
sent and has no answer yet, whatever the client's library, and everything else (connecting,
logging in) goes through as ever.
"""

import asyncio
import contextlib
import socket
import struct
from collections import deque
from collections.abc import Callable

from dojo.outside import Call, OutsideGate
from dojo.protocols import Plain, PostgreSQL, Protocol

#: PostgreSQL's requests for encryption, to which a gate says no: it couldn't read what follows.
_SSL_REQUESTS = (b"\x00\x00\x00\x08\x04\xd2\x16\x2f", b"\x00\x00\x00\x08\x04\xd2\x16\x30")


class Relay(OutsideGate):
    """Stands in front of the server at ``host:port`` and speaks ``protocol``."""

    def __init__(self, name: str, host: str, port: int, protocol: Callable[[], Protocol] = Plain) -> None:
        super().__init__(name)
        self._server = (host, port)
        self._protocol = protocol
        self._listener: asyncio.Server | None = None
        self._links: set[_Link] = set()
        self.port = 0

    async def start(self) -> "Relay":
        """Listens on a free port of the loopback interface: ``port``."""
        self._listener = await asyncio.start_server(self._accept, "127.0.0.1", self.port, backlog=1024)
        self.port = self._listener.sockets[0].getsockname()[1]
        return self

    async def stop(self) -> None:
        """Breaks all connections and listens no more; ``start`` listens on the same port again."""
        if self._listener is not None:
            self._listener.close()
        self.break_connections()
        await asyncio.sleep(0)

    @property
    def connected(self) -> int:
        """How many connections are open now."""
        return len(self._links)

    def break_held(self, count: int | None = None) -> int:
        """Breaks the connections whose calls are held (the ``count`` oldest); how many were broken."""
        broken = {call.connection for call in self.held[:count]}
        for link in [link for link in self._links if link.number in broken]:
            link.abort("the gate broke the connection")
        return len(broken)

    def break_connections(self) -> None:
        """Breaks every connection, as a server does that goes down."""
        for link in list(self._links):
            link.abort("the gate broke the connection")

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        link = _Link(self, self.connections, self._protocol(), reader, writer)
        self._links.add(link)
        try:
            await link.run(*self._server)
        finally:
            self._links.discard(link)


class _Link:
    """One connection, to both sides."""

    def __init__(self, gate: Relay, number: int, protocol: Protocol, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.gate = gate
        self.number = number
        self._protocol = protocol
        self._reader = reader
        self._writer = writer
        self._open: deque[Call] = deque()
        self._tasks: list[asyncio.Task[None]] = []
        self._server: asyncio.StreamWriter | None = None

    async def run(self, host: str, port: int) -> None:
        """Passes on both ways until one side hangs up."""
        try:
            from_server, self._server = await asyncio.open_connection(host, port)
        except OSError:
            return self.abort("the server can't be reached")
        self._tasks = [asyncio.create_task(self._forward(self._server)), asyncio.create_task(self._back(from_server))]
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        self.abort("the connection was closed", reset=False)

    def abort(self, why: str, reset: bool = True) -> None:
        """Ends both sides; calls without an answer are lost."""
        for call in self._open:
            call.lost = call.lost or why
        self._open.clear()
        for task in self._tasks:
            task.cancel()
        for writer in filter(None, (self._writer, self._server)):
            if reset and (raw := writer.get_extra_info("socket")) is not None:
                with contextlib.suppress(OSError):
                    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort() if reset else writer.close()

    async def _forward(self, server: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, OSError):
            while data := await self._reader.read(65536):
                if data in _SSL_REQUESTS and isinstance(self._protocol, PostgreSQL):
                    self._writer.write(b"N")
                    continue
                for question in self._protocol.sent(data):
                    self._open.append(self.gate._came(question.text, self.number, question.values))
                server.write(data)
                await server.drain()

    async def _back(self, server: asyncio.StreamReader) -> None:
        with contextlib.suppress(ConnectionError, OSError):
            while data := await server.read(65536):
                for piece, is_answer in self._protocol.answered(data):
                    if is_answer and self._open:
                        await self.gate._passes(self._open[0])
                        self._open.popleft()
                    self._writer.write(piece)
                await self._writer.drain()
