"""A gate in front of a given function: the judge's stand-in for it says where it runs, and waits to be let go.

Some work is no call to a server: hashing, preprocessing, inference. The modules that do it are
given, so the judge can lay its own over them (``service(options={"overlay": …})``). Such a
stand-in calls `meet`, which works with the standard library alone and in any process::

    from dojo_meet import meet   # this file, laid beside the learner's app/

    def slow_hash(data: str) -> str:
        meet("slow_hash", data)
        …

``meet`` tells the judge process, thread and whether it stands on an event loop's thread, then
waits for the gate without holding the GIL.
"""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dojo.outside import Call, OutsideGate

#: The stand-ins' half, as a module that is laid into the host's copy of the workspace.
MEET = '''\
"""Tells the judge where a given function runs, and waits until it is let go."""

import asyncio
import json
import os
import socket
import threading


def meet(name, *arguments):
    """Waits at the judge's gate; raises ``RuntimeError`` or ``ValueError`` or ends the process when the judge says so."""
    address = os.environ.get("DOJO_MEET")
    if not address:
        return
    try:
        asyncio.get_running_loop()
        on_loop = True
    except RuntimeError:
        on_loop = False
    said = {
        "name": name, "arguments": [str(argument)[:200] for argument in arguments], "process": os.getpid(),
        "thread": threading.get_native_id(), "thread_name": threading.current_thread().name, "on_loop": on_loop,
    }
    host, _, port = address.rpartition(":")
    with socket.create_connection((host, int(port))) as line:
        line.sendall(json.dumps(said).encode() + b"\\n")
        word = line.makefile("rb").readline().strip()
    if word == b"crash":
        os._exit(1)
    if word == b"raise":
        raise RuntimeError("the judge made this call fail")
    if word == b"raise ValueError":
        raise ValueError("the judge made this call fail")
'''


class Meeting(OutsideGate):
    """Where the stand-ins of given functions wait.

    A call's ``text`` is the function's name, its ``values`` are the arguments as text; its
    ``details`` hold ``process``, ``thread`` (native ids), ``thread_name`` and ``on_loop``.
    """

    def __init__(self, name: str = "the given function") -> None:
        super().__init__(name)
        #: What calls are told when they are let go: ``"go"``, ``"raise"``, ``"raise ValueError"`` or ``"crash"``;
        #: or a function of the call that says it.
        self.word: str | Callable[[Call], str] = "go"
        self.port = 0
        self._listener: asyncio.Server | None = None
        self._visits: set[asyncio.Task[None]] = set()

    @property
    def env(self) -> dict[str, str]:
        """The setting by which the stand-ins find the gate."""
        return {"dojo_meet": f"127.0.0.1:{self.port}"}

    async def start(self) -> "Meeting":
        """Listens on a free port."""
        self._listener = await asyncio.start_server(self._visit, "127.0.0.1", 0, backlog=1024)
        self.port = self._listener.sockets[0].getsockname()[1]
        return self

    async def stop(self) -> None:
        """Listens no more, and lets everybody go."""
        self.open()
        if self._listener is not None:
            self._listener.close()
        if self._visits:
            _, silent = await asyncio.wait(self._visits, timeout=0.5)
            for visit in silent:  # a process that came and says nothing: the end of its connection lets it go
                visit.cancel()
            await asyncio.gather(*silent, return_exceptions=True)

    def _visit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        visit = asyncio.create_task(self._accept(reader, writer))
        self._visits.add(visit)
        visit.add_done_callback(self._visits.discard)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        number = self.connections
        try:
            await self._meet(number, json.loads(await reader.readline()), reader, writer)
        except (ConnectionError, ValueError):  # its process ended in the middle of a word
            pass
        finally:
            writer.close()

    async def _meet(self, number: int, said: dict[str, Any], reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        calls: list[Call] = []

        async def passes() -> None:
            # In one step, so that a call that has come is one that is held.
            details = {key: said[key] for key in ("process", "thread", "thread_name", "on_loop")}
            calls.append(self._came(said["name"], number, tuple(said["arguments"]), **details))
            await self._passes(calls[0])

        passed, left = asyncio.create_task(passes()), asyncio.create_task(reader.read(1))
        try:
            await asyncio.wait({passed, left}, return_when=asyncio.FIRST_COMPLETED)
            if passed.done():
                word = self.word if isinstance(self.word, str) else self.word(calls[0])
                writer.write(word.encode() + b"\n")
            elif calls:
                calls[0].lost = "its process ended"
        finally:
            for task in (passed, left):
                task.cancel()
            await asyncio.gather(passed, left, return_exceptions=True)


def overlay(stand_in: Path, place: str) -> dict[str, str]:
    """What ``options={"overlay": …}`` takes: the text of ``stand_in`` for the path ``place``, and `MEET` beside it."""
    return {place: stand_in.read_text(encoding="utf-8"), "dojo_meet.py": MEET}
