"""A TCP gate: it passes on what a service asks a real server, and holds the answers.

The server does its work at once; only its answer is kept back. So a held call is one that was
sent and has no answer yet, whatever the client's library, and everything else (connecting,
logging in) goes through as ever.
"""

import asyncio
import contextlib
import os
import socket
import struct
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

from dojo.doorway import Doorway
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
        self._door = Doorway()
        self._links: set[_Link] = set()

    @property
    def port(self) -> int:
        """Where it listens, on the loopback interface; 0 until it was started."""
        return self._door.port

    async def start(self) -> "Relay":
        """Listens on a free port of the loopback interface: ``port``."""
        await self._door.open(self._accept)
        return self

    async def stop(self) -> None:
        """Breaks all connections and listens no more; ``start`` listens on the same port again."""
        self._door.close()
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
        if not self._door.is_open:  # it was accepted in the moment in which the gate went down
            return writer.transport.abort()
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
        self._server: asyncio.StreamWriter | None = None
        #: What has been asked and the server hasn't answered, the oldest first.
        self._asked: deque[Call] = deque()
        #: What the server sent, in its order, each piece with its call and the task that ends when it may go on; None is the end.
        self._answers: asyncio.Queue[tuple[bytes, Call | None, asyncio.Task[None] | None] | None] = asyncio.Queue()
        self._calls: set[Call] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._over = ""

    async def run(self, host: str, port: int) -> None:
        """Passes on both ways until one side hangs up."""
        try:
            from_server, self._server = await asyncio.open_connection(host, port)
        except OSError:
            return self.abort("the server can't be reached")
        if self._over:
            return self.abort(self._over)
        forward, back, deliver = (self._task(each) for each in (self._forward(self._server), self._back(from_server), self._deliver()))
        with contextlib.suppress(asyncio.CancelledError):
            # What the server said before it hung up is delivered; what a client is told that hung up is nobody's affair.
            await asyncio.wait((forward, deliver), return_when=asyncio.FIRST_COMPLETED)
        self.abort("the connection was closed", reset=False)
        await asyncio.wait((forward, back, deliver))

    def abort(self, why: str, reset: bool = True) -> None:
        """Ends both sides; calls without an answer are lost."""
        self._over = self._over or why
        for call in self._calls:
            call.lost = call.lost or self._over
        self._calls.clear()
        for task in self._tasks:
            task.cancel()
        for writer in filter(None, (self._writer, self._server)):
            if reset and (raw := writer.get_extra_info("socket")) is not None:
                with contextlib.suppress(OSError):
                    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("hh" if os.name == "nt" else "ii", 1, 0))
            writer.transport.abort() if reset else writer.close()

    def _task(self, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _forward(self, server: asyncio.StreamWriter) -> None:
        """From the client to the server."""
        with self._noted():
            if isinstance(self._protocol, PostgreSQL):
                while (data := await self._reader.readexactly(8)) in _SSL_REQUESTS:
                    self._writer.write(b"N")
            else:
                data = await self._reader.read(65536)
            while data:
                for question in self._protocol.sent(data):
                    call = self.gate._came(question.text, self.number, question.values)
                    self._asked.append(call)
                    self._calls.add(call)
                server.write(data)
                await server.drain()
                data = await self._reader.read(65536)

    async def _back(self, server: asyncio.StreamReader) -> None:
        """From the server to the gate."""
        with self._noted():
            while data := await server.read(65536):
                for piece, is_answer in self._protocol.answered(data):
                    call = self._asked.popleft() if is_answer and self._asked else None
                    self._answers.put_nowait((piece, call, self._task(self.gate._passes(call)) if call else None))
        self._answers.put_nowait(None)

    async def _deliver(self) -> None:
        """From the gate to the client, in the server's order."""
        with self._noted():
            while (answer := await self._answers.get()) is not None:
                piece, call, passes = answer
                if call is not None and passes is not None:
                    await passes
                    self._calls.discard(call)
                self._writer.write(piece)
                await self._writer.drain()

    @contextlib.contextmanager
    def _noted(self) -> Iterator[None]:
        """A side that hangs up, or that speaks another language, is no error of the gate's."""
        try:
            yield
        except (OSError, EOFError):
            pass
        except ValueError:
            self._over = f"it did not speak {type(self._protocol).__name__}'s protocol"
