"""A container that was started: how it is reached, what the engine knows of it, and its end."""

import asyncio
import contextlib
import json
import re
import secrets
import time
from collections.abc import Sequence
from typing import Any

import httpx

from dojo.engine import COMMAND_PATIENCE, Engine
from dojo.evidence import cut, last_lines
from dojo.subject import Inconclusive, Red

#: The port on which the service listens in its container.
PORT = 8000

#: Patience limit, in seconds; it only ends a hang.
START_PATIENCE = 120.0


class Container:
    """A container that was started."""

    def __init__(self, engine: Engine, name: str, port: int) -> None:
        self.engine = engine
        self.name = name
        self.port = port
        self._clients: list[httpx.AsyncClient] = []

    @classmethod
    async def start(cls, engine: Engine, tag: str, *flags: str, port: int = PORT, command: Sequence[str] = ()) -> "Container":
        """A container of the image ``tag``, with its ``port`` published on a free one of 127.0.0.1.

        Raises `Red` when the image has no program to start, `Inconclusive` when the engine has trouble of its own.
        """
        name = f"serving-katas-{engine.run_id}-{secrets.token_hex(4)}"
        done = await engine.run("run", "--detach", "--name", name, "--label", engine.label, "--publish", f"127.0.0.1::{port}", *flags, tag, *command)
        container = cls(engine, name, port)
        if done.status:
            said = last_lines(done.err)
            await container.remove()
            # The end of a long line says what it is about; anything else is the engine's own trouble.
            if about := re.search(r"\bexec: .*|crun: .*|executable file .* not found.*", done.err):
                raise Red(f"The container can't start. The engine said:\n    {cut(about[0], 200)}\n"
                          "Is the program of CMD or ENTRYPOINT in the image, on its PATH, and may the user run it?")
            raise Inconclusive(f"the container engine could not start the container:\n{said}")
        return container

    async def inspect(self) -> dict[str, Any]:
        """What the engine knows of it."""
        return dict(json.loads(await self.engine.must("inspect", "--type", "container", self.name))[0])

    async def state(self) -> dict[str, Any]:
        """Its state: Status, ExitCode, Health and more."""
        return dict((await self.inspect())["State"])

    async def logs(self) -> str:
        """What it has written, both to stdout and to stderr."""
        done = await self.engine.run("logs", self.name)
        return done.out + done.err

    async def address(self) -> str:
        """Where its port is published: ``127.0.0.1:49153``."""
        return (await self.engine.must("port", self.name, f"{self.port}/tcp")).splitlines()[0]

    async def read(self, *paths: str) -> str:
        """What stands in files of its processes and its network, such as /proc/1/status, also when it has no program to show them."""
        done = await self.engine.run("exec", "--user", "0", self.name, "cat", *paths)
        if done.status:  # it has no `cat`; another container looks into it
            beside = ("--rm", "--pid", f"container:{self.name}", "--network", f"container:{self.name}", "--label", self.engine.label)
            done = await self.engine.run("run", *beside, "--entrypoint", "cat", "python:3.11-slim-bookworm", *paths)
        return done.out

    async def listening(self) -> set[tuple[str, int]]:
        """The addresses and ports on which something in it listens; an address is ``loopback`` or ``all``, or what the kernel says."""
        found = set()
        for line in (await self.read("/proc/1/net/tcp", "/proc/1/net/tcp6")).splitlines():
            words = line.split()
            if len(words) > 3 and words[3] == "0A":
                address, _, port = words[1].partition(":")
                loopback = (len(address) == 8 and address.endswith("7F")) or address == "0" * 24 + "01000000"
                # The last four bytes of ::ffff:127.0.0.1
                loopback = loopback or (address.startswith("0" * 16 + "FFFF0000") and address.endswith("7F"))
                found.add(("loopback" if loopback else "all" if not address.strip("0") else address, int(port, 16)))
        return found

    async def serving(self, path: str = "/health") -> httpx.AsyncClient:
        """A client of its published port, once it answers at all; raises `Red` with what stands against it when it never does.

        The client is closed when the container is removed.
        """
        try:
            client = httpx.AsyncClient(base_url=f"http://{await self.address()}", trust_env=False, timeout=10)
        except Inconclusive:  # a container that has ended publishes nothing any more
            if (await self.state())["Status"] == "running":
                raise
            raise await self._ended() from None
        self._clients.append(client)
        until, looked, elsewhere = time.monotonic() + START_PATIENCE, 0, 0
        while True:
            with contextlib.suppress(httpx.TransportError):
                await client.get(path)
                return client
            await asyncio.sleep(0.05)
            looked += 1
            if looked % 8:  # each look takes CPU time from a service that is about to start
                continue
            if (await self.state())["Status"] != "running":
                raise await self._ended()
            heard = await self.listening() if looked % 16 == 0 else set()
            if {address for address, port in heard if port == self.port} == {"loopback"}:
                raise Red(f"In the container the service listens on port {self.port} of 127.0.0.1 only: nobody outside reaches it, though the port "
                          "is published. A container has a loopback interface of its own, and what comes from outside comes through another one.")
            others = sorted(port for address, port in heard if address != "loopback" and port < 32768 and port != self.port)
            if heard:
                elsewhere = elsewhere + 1 if others and not any(port == self.port for _, port in heard) else 0
            if elsewhere > 3:  # else it may be about to
                raise Red(f"In the container something listens on port {others[0]}, nothing on port {self.port}, which is the one that is published.")
            if time.monotonic() > until:
                raise Red(f"The container runs, and nothing answered on port {self.port} within {START_PATIENCE:g} s, the patience limit. "
                          f"It wrote:\n{last_lines(await self.logs())}")

    async def _ended(self) -> Red:
        code = (await self.state())["ExitCode"]
        return Red(f"The container ended with exit code {code} before it answered. It wrote:\n{last_lines(await self.logs())}")

    async def stop(self, grace: int = 60) -> int:
        """Sends it the signal to stop, and after ``grace`` seconds kills it; its exit code, which then is 137."""
        await self.engine.must("stop", "--time", str(grace), self.name, patience=grace + COMMAND_PATIENCE)
        return int((await self.state())["ExitCode"])

    async def remove(self) -> None:
        """Ends and removes it, and closes its clients."""
        for client in self._clients:
            await client.aclose()
        await self.engine.run("rm", "--force", "--volumes", self.name)
