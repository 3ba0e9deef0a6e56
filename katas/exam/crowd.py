"""Many requests at once, seen from outside alone: when each was sent and answered, by the judge's own clock.

Whether requests waited together is no question of how fast that was: each answer comes a wait after its request, and what it comes later
than that is the *excess*. Where one request waits for another, the excess grows with the wait, whatever the machine; where all wait
together it is the machine's noise, which doesn't. So the wait is lengthened until the two can be told apart.
"""

import asyncio
import json
import re
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from dojo.replies import LONGEST_REPLY

#: Waits in seconds, each tried when the one before it could not tell.
WAITS = (0.6, 3.0, 8.0)


@dataclass
class Reply:
    """One request's times, in seconds of one clock, and its answer; a ``status`` of 0 is none at all."""

    sent: float
    answered: float = float("inf")
    status: int = 0
    body: bytes = b""

    @property
    def took(self) -> float:
        """From the request to its answer."""
        return self.answered - self.sent

    def data(self) -> Any:
        """The answer's JSON; None when it has none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


async def ask(url: str, method: str, path: str, payload: Any = None, patience: float = 5.0) -> Reply:
    """One request on a connection of its own."""
    at = urlsplit(url)
    body = b"" if payload is None else json.dumps(payload).encode()
    head = "\r\n".join([f"{method} {path} HTTP/1.1", f"Host: {at.netloc}", "Connection: close", "Content-Type: application/json",
                        f"Content-Length: {len(body)}", "", ""])
    reply = Reply(time.perf_counter())
    try:
        async with asyncio.timeout(patience):
            reader, writer = await asyncio.open_connection(at.hostname, at.port)
            try:
                reply.sent = time.perf_counter()
                writer.write(head.encode() + body)
                start = await reader.readline()
                answered = time.perf_counter()
                rest = bytearray()
                while len(rest) <= LONGEST_REPLY and (more := await reader.read(1 << 16)):
                    rest += more
                reply.answered, reply.status = answered, int(start.split()[1])
                reply.body = _body(bytes(rest))
            finally:
                writer.close()
    except (OSError, TimeoutError, ValueError, IndexError):
        pass
    return reply


def _body(rest: bytes) -> bytes:
    """The body behind a head; raises ``ValueError`` for chunks that are none."""
    head, _, body = rest.partition(b"\r\n\r\n")
    if b"transfer-encoding: chunked" not in head.lower():
        return body
    parts, at = [], 0
    while True:
        end = body.find(b"\r\n", at)
        size = body[at:max(at, end)].partition(b";")[0].strip()
        if not re.fullmatch(rb"[0-9a-fA-F]{1,8}", size):  # int() would take a sign as well, and go back
            raise ValueError(f"{size[:20]!r} is no size of a chunk")
        if not (length := int(size, 16)):
            return b"".join(parts)
        parts.append(body[end + 2:end + 2 + length])
        at = end + length + 4


async def crowd(url: str, method: str, path: str, payloads: list[Any], wait: float) -> list[Reply]:
    """All at once; nobody is waited for much longer than twice the ``wait``."""
    return list(await asyncio.gather(*(ask(url, method, path, payload, 2 * wait + 4) for payload in payloads)))
