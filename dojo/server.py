"""A server as it runs in production: a command of its own, with worker processes, in a copy of the workspace.

Other katas serve an application in a host, which the judge can look into. Here the server itself is what is asked about: how many
processes it has, who replaces one that was killed, what a SIGTERM does. So it is started as anybody would start it, on a port of
the loopback interface that is free, and the judge sees what can be seen from outside: the processes, how the first of them ended,
what they printed, and what they answer. `dojo/keeper.py` owns all of its processes and ends them, whatever becomes of the judge.
"""

import asyncio
import contextlib
import itertools
import json
import os
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dojo import jail
from dojo.evidence import listed
from dojo.launch import _environment
from dojo.reading import opened
from dojo.replies import NoJson
from dojo.subject import Red
from dojo.wire import decode
from dojo.workspace import ROOT

#: Limits that only end a hang, in seconds. Several processes import much before they begin, on a busy machine for long.
START_PATIENCE, ANSWER_PATIENCE = 60.0, 30.0
#: How long the processes of a server may take to be gone before their keeper is killed as well. In seconds.
END_PATIENCE = 15.0
#: Who listens elsewhere for so long won't come to the right place any more. In seconds.
ELSEWHERE = 3.0
#: How many bytes of what the processes printed are read: the last ones.
OUTPUT_KEPT = 16_384
#: No body of an answer is longer, in bytes.
LONGEST_ANSWER = 16 << 20
#: What may have become of the keeper.
HANDS_OFF = "Look for os.kill, os.killpg or another way to send a signal to a process that your code has not started."

#: What is laid over every copy. A judge may put asyncio's clock forward, which it can't do with uvloop's.
NO_UVLOOP = {"uvloop.py": 'raise ImportError("the katas run on asyncio\'s own loop")\n'}


class Port:
    """A port of the loopback interface that is free, and on Linux stays so: it is bound, and nobody listens there yet.

    ``host`` is the address on that interface. Close it when the server is gone.
    """

    def __init__(self, host: str = "127.0.0.1") -> None:
        self._held = socket.socket()
        # A server may bind it as well as long as both say so; nobody is given it who asks for any free port.
        self._held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._held.bind((host, 0))
        self.number: int = self._held.getsockname()[1]
        if sys.platform != "linux":
            self._held.close()

    def close(self) -> None:
        """Gives the port back."""
        self._held.close()


@dataclass(frozen=True)
class Answered:
    """What was answered: the status, the headers by their names in lower case, and the body."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON; raises `NoJson`."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            why = "nested too deeply" if isinstance(error, RecursionError) else error
            raise NoJson(f"An answer with status {self.status} has a body that is no JSON ({why}):\n"
                         f"    {self.body[:300].decode(errors='replace')}") from None


class Server:
    """A command that serves on ``port``, running; made by `serving`."""

    def __init__(self, root: Path, port: int, host: str = "127.0.0.1") -> None:
        #: The copy of the workspace, its current folder.
        self.root = root
        self.port = port
        self.host = host
        self.url = f"http://{host}:{port}"
        #: The first of its processes.
        self.pid = 0
        #: How that one ended: ``status``, ``signaled`` and, on the monotonic clock, ``at``; None while it runs.
        self.ended: dict[str, Any] | None = None
        self._over = asyncio.Event()
        self._log = root.parent / f"{root.name}.log"
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        #: What who asks the keeper is told once that has ended.
        self._lost: Exception = RuntimeError("what the keeper of the server says can't be read")
        #: Connections to it, which end with it.
        self.connections: list[Connection] = []

    async def _start(self, argv: Sequence[str], env: Mapping[str, str], shared: Sequence[Path]) -> None:
        keeper = [sys.executable, "-I", "-S", str(ROOT / "dojo" / "keeper.py")]
        environment = {**_environment(), **env}
        # As in an activated environment, so that `uvicorn` and `python` are this one's.
        environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), environment.get("PATH", os.defpath)])
        for name in [each for each in environment if each.startswith("UVICORN_") or each == "FORWARDED_ALLOW_IPS"]:
            if name not in env:
                del environment[name]
        self._log.touch()
        walled = jail.around_the_learner(keeper, self.root, self._log.parent, *shared)
        self._keeper = await asyncio.create_subprocess_exec(
            *walled, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, start_new_session=True, limit=1 << 24,
            env=jail.environment({"PATH": os.defpath}))
        self._listening = asyncio.create_task(self._listen())
        started = await self._ask("start", argv=list(argv), cwd=str(self.root), env=jail.environment(environment), log=str(self._log))
        if "failed" in started:
            raise Red(f"The server could not be started: {started['failed']}\nThe command was\n    {shown(argv)}")
        self.pid = started["pid"]

    async def up(self, patience: float = START_PATIENCE) -> None:
        """Waits until it listens; raises `Red` when it ends instead, listens elsewhere, or does neither."""
        elsewhere = 0.0
        for look in itertools.count():
            if await self._accepts():
                return
            if self.ended is not None:
                raise Red(f"The server ended before it listened on {self.host}:{self.port}: {self.told_end()}.{self.told()}")
            if look % 20 == 19:
                places = await self.listening()
                elsewhere = elsewhere + 0.4 if places else 0.0
                if places and elsewhere >= ELSEWHERE:
                    raise Red(f"The server listens on {listed(places)}; it was told to listen on {self.host}:{self.port}.{self.told()}")
            if look * 0.02 > patience:
                raise Red(f"After {patience:g} s, the patience limit, the server did not listen on {self.host}:{self.port}.{self.told()}")
            await asyncio.sleep(0.02)

    async def _accepts(self) -> bool:
        try:
            _, writer = await asyncio.open_connection(self.host, self.port)
        except OSError:
            return False
        writer.close()
        return True

    async def get(self, path: str, patience: float = ANSWER_PATIENCE) -> Answered:
        """The answer to GET ``path``, on a connection of its own.

        Raises ``OSError`` when the connection fails or ends too early, and ``TimeoutError`` (which is one) without an answer in ``patience`` seconds.
        """
        async with asyncio.timeout(patience):
            connection = await Connection.open(self)
            try:
                return await connection.get(path)
            finally:
                connection.close()

    async def tree(self) -> list[dict[str, Any]]:
        """The processes that run now, the first one's own first: ``pid``, ``parent``, ``command`` and ``state`` of each."""
        found: list[dict[str, Any]] = (await self._ask("tree"))["tree"]
        return found

    async def listening(self) -> list[str]:
        """Where the processes listen; nothing where that can't be known."""
        return (await self._ask("listening"))["listening"] or []

    async def signal(self, number: int, pid: int | None = None) -> bool:
        """Sends a signal to the first process, or to another one of its tree; whether there was such a process."""
        return bool((await self._ask("signal", pid=self.pid if pid is None else pid, number=int(number)))["sent"])

    async def terminate(self) -> None:
        """Sends the first process, and no other, the signal by which servers are asked to end."""
        await self.signal(signal.SIGTERM)

    async def ends(self, patience: float) -> bool:
        """Waits for the end of the first process; False when it hasn't ended after ``patience`` seconds."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._over.wait(), patience)
        return self.ended is not None

    def output(self) -> str:
        """The end of what the processes have printed."""
        with contextlib.suppress(OSError), opened(self._log) as log:  # it lies where the processes themselves may remove it
            log.seek(max(0, log.seek(0, os.SEEK_END) - OUTPUT_KEPT))
            return log.read(OUTPUT_KEPT).decode(errors="replace").replace(f"{self.root}{os.sep}", "")
        return ""

    def told(self, most: int = 8) -> str:
        """The end of what the processes have printed as a message shows it; empty when that is nothing."""
        lines = [line for line in self.output().splitlines() if line.strip()][-most:]
        return "".join(["\nIt printed:", *(f"\n    {line}" for line in lines)]) if lines else ""

    def told_end(self) -> str:
        """In words how the first process ended."""
        if self.ended is None:
            return "it runs"
        if self.ended["signaled"]:
            name = next((f" ({each.name})" for each in signal.Signals if each == self.ended["status"]), "")  # the real-time ones have none
            return f"it was ended by signal {self.ended['status']}{name}"
        return f"its exit status was {self.ended['status']}"

    async def close(self) -> None:
        """Ends all of its processes, and waits until they are gone."""
        for connection in self.connections:
            connection.close()
        keeper = getattr(self, "_keeper", None)
        if keeper is None:
            return
        keeper.stdin.close()
        try:
            await asyncio.wait_for(keeper.wait(), END_PATIENCE)
        except TimeoutError:
            keeper.kill()
            await keeper.wait()
        self._listening.cancel()

    async def _ask(self, do: str, **message: Any) -> dict[str, Any]:
        if self._listening.done():
            raise self._lost
        number = next(self._numbers)
        reply = self._waiting[number] = asyncio.get_running_loop().create_future()
        self._keeper.stdin.write(json.dumps({"do": do, "id": number, **message}).encode() + b"\n")  # type: ignore[union-attr]
        try:
            return await asyncio.wait_for(reply, START_PATIENCE)
        except TimeoutError:
            raise Red(f"The process that keeps your server, its parent, answered nothing for {START_PATIENCE:g} s, the patience limit.\n{HANDS_OFF}"
                      f"{self.told()}") from None
        finally:
            self._waiting.pop(number, None)

    async def _listen(self) -> None:
        assert self._keeper.stdout is not None
        while line := await self._keeper.stdout.readline():
            message = decode(line) or {}
            if message.get("event") == "ended":
                self.ended = {name: message[name] for name in ("status", "signaled", "at")}
                self._over.set()
            elif (waiting := self._waiting.get(message.get("id", 0))) is not None and not waiting.done():
                waiting.set_result(message)
        status = await self._keeper.wait()
        # Nobody but the learner's code kills it; the wall around it tells that as a shell does.
        if status < 0 or status > 128:
            self._lost = Red(f"Your code ended the process that keeps your server, its parent.\n{HANDS_OFF}{self.told()}")
        else:
            self._lost = RuntimeError(f"the keeper of the server has ended with status {status}.{self.told()}")
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(self._lost)


class Connection:
    """One connection to a server, on which one request comes after the other."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, server: Server) -> "Connection":
        """A new one, which ends with the server at the latest."""
        connection = cls(*await asyncio.open_connection(server.host, server.port, limit=1 << 22))
        server.connections.append(connection)
        return connection

    async def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answered:
        """The answer to GET ``path``; raises ``OSError`` when the connection ends before."""
        lines = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
        self.write(f"GET {path} HTTP/1.1\r\nhost: kata\r\n{lines}\r\n".encode())
        return await self.answer()

    def write(self, data: bytes) -> None:
        """Sends bytes as they are."""
        self._writer.write(data)

    async def answer(self) -> Answered:
        """The next answer."""
        try:
            head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = head.rstrip().split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            if "chunked" in headers.get("transfer-encoding", "").lower():
                body = b""
                while size := int((await self._reader.readuntil(b"\r\n")).split(b";")[0], 16):
                    body += (await self._reader.readexactly(_bearable(len(body) + size) - len(body) + 2))[:-2]
                await self._reader.readuntil(b"\r\n")
            else:
                body = await self._reader.readexactly(_bearable(int(headers.get("content-length", 0))))
            return Answered(int(first.split()[1]), headers, body)
        except asyncio.LimitOverrunError:
            raise ConnectionResetError("a line of the answer, or its head, has no end") from None
        except (asyncio.IncompleteReadError, ValueError, IndexError) as error:
            raise ConnectionResetError("the connection ended in the middle of the answer" if getattr(error, "partial", b"")
                                       else "the connection ended without an answer") from None

    async def hung_up(self) -> None:
        """Waits until the other end has closed it."""
        with contextlib.suppress(OSError):
            while await self._reader.read(4096):
                pass

    def close(self) -> None:
        """Hangs up."""
        self._writer.close()


def _bearable(size: int) -> int:
    """The size of a body that can be taken; raises ``ConnectionResetError`` when nobody could look at it."""
    if size > LONGEST_ANSWER:
        raise ConnectionResetError(f"the body of the answer has more than {LONGEST_ANSWER >> 20} MB")
    return size


def uvicorn(application: str, port: int, workers: int = 1, *options: str) -> list[str]:
    """The command that serves ``application`` by a real uvicorn."""
    return [sys.executable, "-m", "uvicorn", application, "--port", str(port), "--workers", str(workers), *options]


@contextlib.asynccontextmanager
async def serving(root: Path, argv: Sequence[str], port: Port | int, *, env: Mapping[str, str] | None = None,
                  overlay: Mapping[str, str] | None = None, shared: Sequence[Path] = (), host: str = "127.0.0.1",
                  wait: bool = True) -> AsyncIterator[Server]:
    """Runs ``argv`` in a copy of the workspace at ``root`` until the block ends, and gives the `Server`, which listens already.

    ``overlay`` maps paths in the copy to texts that the judge lays over it, ``env`` are variables beside the judge's own, and
    ``shared`` are folders outside of the copy that the server may write to. ``host`` is where it is asked. Without ``wait`` it may not listen yet.
    Raises `Red` when it can't be started or doesn't come up.
    """
    folder = Path(tempfile.mkdtemp(prefix="server-", dir=root.parent))
    server = Server(Path(shutil.copytree(root, folder / "workspace")), port if isinstance(port, int) else port.number, host)
    try:
        for place, text in {**NO_UVLOOP, **(overlay or {})}.items():
            (server.root / place).parent.mkdir(parents=True, exist_ok=True)
            (server.root / place).write_text(text, encoding="utf-8")
        await server._start(argv, env or {}, shared)
        if wait:
            await server.up()
        yield server
    finally:
        await server.close()
        shutil.rmtree(folder, ignore_errors=True)


def shown(argv: Sequence[str]) -> str:
    """A command as one line, with this machine's path of the interpreter left out."""
    return " ".join("python" if word == sys.executable else word for word in argv)
