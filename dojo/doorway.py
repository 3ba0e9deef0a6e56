"""A port of the loopback interface at which somebody listens, or nobody does; meanwhile it is nobody else's.

A dependency that is down for a while must not be replaced by a stranger: a port that is given back may be
somebody else's in the next moment, such as a client's own, or an upstream of another judge.
"""

import asyncio
import contextlib
import os
import socket
import weakref
from collections.abc import Awaitable, Callable

Accept = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None] | None]


class Doorway:
    """Listens and stops to listen, as often as it is told to, always at the same ``port``: any that is free, once it was opened."""

    def __init__(self) -> None:
        self.port = 0
        self.is_open = False
        self._listener: asyncio.Server | None = None
        #: Has the port while nobody listens.
        self._place: socket.socket | None = None

    async def open(self, accept: Accept) -> None:
        """From now on who connects is handed to ``accept``. Raises ``OSError`` when the port can't be had."""
        place, self._place, self.is_open = self._place or _bound(self.port), None, True
        self._listener = await asyncio.start_server(accept, sock=place, backlog=1024)
        self.port = place.getsockname()[1]

    def close(self) -> None:
        """From now on who connects is refused; who is connected stays."""
        if self._listener is None:
            return
        self._listener.close()
        self._listener, self.is_open = None, False
        with contextlib.suppress(OSError):
            self._place = _bound(self.port)
            weakref.finalize(self, self._place.close)


def _bound(port: int) -> socket.socket:
    """A socket that has ``port``, or any that is free when it is 0, and doesn't listen."""
    # With its protocol named, as asyncio switches off Nagle's algorithm only then, and else what follows an answer comes 40 ms late.
    place = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":  # connections that are being closed have the port too; elsewhere it means something else
            place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        place.bind(("127.0.0.1", port))
    except BaseException:
        place.close()
        raise
    return place
