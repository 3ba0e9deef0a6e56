"""HTTP services that a learner's service calls, with answers that a kata decides: held, slow, failing, malformed, cut off."""

import asyncio
import contextlib
import json
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

import h11

from dojo.doorway import Doorway
from dojo.outside import Call, OutsideGate


@dataclass(frozen=True)
class Answer:
    """What an upstream answers: ``body`` (JSON of ``json`` when that is given) with ``status``.

    ``delay``: seconds before it answers. ``cut``: it hangs up in the middle of the body, after so
    many bytes. ``silent``: it says no more, after so many bytes of the body, until the caller hangs up.
    ``garbage``: it sends these bytes in the place of an HTTP response.
    """

    status: int = 200
    _: KW_ONLY
    json: Any = None
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    cut: int | None = None
    silent: int | None = None
    garbage: bytes | None = None

    @property
    def content(self) -> bytes:
        """The bytes of the whole body."""
        return self.body if self.json is None else json.dumps(self.json).encode()


class Upstream(OutsideGate):
    """An HTTP service on the loopback interface; ``answer`` decides what each call gets.

    A call's ``text`` is ``GET /path?query`` as it was sent, undecoded; its ``details`` hold
    ``method``, ``target``, ``headers`` (lower-case names) and ``body`` (bytes).
    """

    def __init__(self, name: str = "the upstream service", answer: Callable[[Call], Answer] = lambda call: Answer(json={})) -> None:
        super().__init__(name)
        self.answer = answer
        self._door = Doorway()
        self._writers: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._door.port}"

    @property
    def connected(self) -> int:
        """How many connections are open now."""
        return len(self._writers)

    async def start(self) -> "Upstream":
        """Listens on a free port, or on the port that it had."""
        await self._door.open(self._accept)
        return self

    async def stop(self) -> None:
        """Hangs up on everybody, as a service does that goes down."""
        self._door.close()
        for writer in list(self._writers):
            writer.transport.abort()
        await asyncio.sleep(0)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._door.is_open:  # it was accepted in the moment in which the service went down
            return writer.transport.abort()
        self.connections += 1
        number = self.connections
        self._writers.add(writer)
        try:
            with contextlib.suppress(ConnectionError, h11.RemoteProtocolError, asyncio.IncompleteReadError):
                await self._serve(number, reader, writer)
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _serve(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = h11.Connection(h11.SERVER)
        while True:
            call = await self._question(number, connection, reader)
            if call is None:
                return
            answer = self.answer(call)
            if not await self._goes_on(call, answer, connection, reader):
                return
            if answer.garbage is not None:
                writer.write(answer.garbage)
                return await writer.drain()
            content = answer.content
            headers = {"content-type": "application/json", "content-length": str(len(content)), **answer.headers}
            head = h11.Response(status_code=answer.status, headers=list(headers.items()), reason=b"")
            writer.write(connection.send(head) or b"")
            if answer.cut is not None:
                writer.write(content[: answer.cut])
                return await writer.drain()
            if answer.silent is not None:
                writer.write(content[: answer.silent])
                await writer.drain()
                while await reader.read(65536):
                    pass
                call.lost = "the caller hung up"
                return
            if call.details["method"] != "HEAD":
                writer.write(connection.send(h11.Data(content)) or b"")
            writer.write(connection.send(h11.EndOfMessage()) or b"")
            await writer.drain()
            if connection.our_state is h11.MUST_CLOSE:
                return
            connection.start_next_cycle()

    async def _question(self, number: int, connection: h11.Connection, reader: asyncio.StreamReader) -> Call | None:
        """The next whole request; None when the client hung up."""
        request: h11.Request | None = None
        body = b""
        while True:
            event = connection.next_event()
            if event is h11.NEED_DATA:
                connection.receive_data(await reader.read(65536))
            elif isinstance(event, h11.Request):
                request = event
            elif isinstance(event, h11.Data):
                body += event.data
            elif isinstance(event, h11.EndOfMessage) and request is not None:
                method, target = request.method.decode(), request.target.decode("latin-1")
                headers = {name.decode(): value.decode("latin-1") for name, value in request.headers}
                return self._came(f"{method} {target}", number, method=method, target=target, headers=headers, body=body)
            else:
                return None

    async def _goes_on(self, call: Call, answer: Answer, connection: h11.Connection, reader: asyncio.StreamReader) -> bool:
        """Waits until the answer may go out; False when the caller hung up before."""
        passes, more = asyncio.create_task(self._passes(call, answer.delay)), asyncio.create_task(reader.read(65536))
        try:
            while True:
                done, _ = await asyncio.wait({passes, more}, return_when=asyncio.FIRST_COMPLETED)
                if more in done:
                    data = b"" if more.exception() else more.result()
                    if not data:
                        call.lost = "the caller hung up"
                        return False
                    connection.receive_data(data)
                    more = asyncio.create_task(reader.read(65536))
                if passes in done:
                    return True
        finally:
            for task in (passes, more):
                task.cancel()
            await asyncio.gather(passes, more, return_exceptions=True)
