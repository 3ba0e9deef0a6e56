"""Starts hosts and talks with them: the judge's side of ``host.py``."""

import asyncio
import collections
import contextlib
import errno
import itertools
import json
import os
import secrets
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from dojo import jail
from dojo.wire import LONGEST_LINE, decode, encode
from dojo.workspace import ROOT, Workspace

#: Hosts are forked where the platform can; ``DOJO_SPAWN=1`` takes the slow way everywhere.
FORK = hasattr(os, "fork") and hasattr(socket, "recv_fds") and not os.environ.get("DOJO_SPAWN")

#: How many bytes of what the learner's code printed are kept: the last ones.
OUTPUT_KEPT = 16_384
#: How many bytes a host can print before somebody reads them, where the platform lets us choose.
PIPE_SIZE = 1 << 20

#: Where copies of a workspace are kept if it has that much room, in bytes: a host's takes 2 ms in memory, and 40 ms on some disks.
MEMORY, ROOM = Path("/dev/shm"), 64 << 20

#: Less than this isn't lent, in seconds.
LEAST_LENT = 0.05

#: What is printed all the time is read for so long, in seconds; and where the platform can't tell whether there is more, it is waited for so long.
LATEST_WORDS = 0.05
#: Whether the platform can say that a pipe has something to read.
POLL = hasattr(select, "poll")

_PR_SET_PDEATHSIG = 1

#: How many files judge and hosts may open at least, where the system has nothing against it.
FILES = 4096


class HostGone(Exception):
    """The host ended before it answered."""


class NoAnswer(Exception):
    """The host lives and did not answer within the patience limit, beyond which it was ``lent`` some seconds."""

    def __init__(self, lent: float = 0.0) -> None:
        super().__init__()
        self.lent = lent


class StarterGone(Exception):
    """The process that forks hosts was killed; another has taken its place."""


class Host:
    """A child process, seen from the judge."""

    def __init__(self, kill: Any, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, output: int, seal: str = "") -> None:
        self._kill = kill
        #: What its messages carry, so that a learner's code that finds the line and writes to it isn't taken for the host.
        self.seal = seal
        self._reader = reader
        self._writer = writer
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._kept: collections.deque[bytes] = collections.deque()
        self._kept_bytes = 0
        #: The first of its events that says how the start went: ``ready`` or ``failed``.
        self.started: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        #: The router that is being imported now, or the empty string.
        self.importing = ""
        #: The folder of the snapshot that it runs, which is cut off from what it printed.
        self.root = "/"
        #: How the process ended: its ``ended`` event, and the ``ending`` and ``stopped`` ones before it, if they came.
        self.ended: dict[str, Any] = {}
        self.gone = False
        self._printed: int | None = output
        self._printed_lock = threading.Lock()
        self._drain = threading.Thread(target=self._keep_output, args=(output,), daemon=True)
        self._drain.start()
        self._listening = asyncio.create_task(self._listen())

    async def ask(self, do: str, patience: float, lend: float = 0.0, **message: Any) -> dict[str, Any]:
        """The reply to a question: ``value`` or ``error`` is in it.

        Raises `HostGone`, or `NoAnswer` after ``patience`` seconds; of which up to ``lend`` more are given for those in which a call's
        thread was ready to run and had no CPU, as that is the machine's doing.
        """
        if self.gone:
            raise HostGone
        number = next(self._numbers)
        reply: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[number] = reply
        self.tell({"do": do, "id": number, **message})
        lent = 0.0
        try:
            while True:
                await asyncio.wait({reply}, timeout=patience)
                if reply.done():
                    return reply.result()
                owed = min(lend, (await self.ask("delayed", 2.0)).get("value") or 0.0) if lend else 0.0
                if owed < lent + LEAST_LENT:
                    raise NoAnswer(lent)
                patience, lent = owed - lent, owed
        finally:
            self._waiting.pop(number, None)

    async def ends(self, patience: float) -> bool:
        """Waits until the process has ended by itself; False when it hasn't after ``patience`` seconds."""
        await asyncio.wait({self._listening}, timeout=patience)
        return self.gone

    def tell(self, message: dict[str, Any]) -> None:
        """Sends a message that has no reply."""
        self._writer.write(encode(message))

    def output(self) -> str:
        """The end of what the learner's code has printed until now."""
        until = time.perf_counter() + LATEST_WORDS
        if POLL:
            # Read here, as the thread that does it otherwise may not get a CPU soon; the first time takes all that the pipe holds.
            while self._read_printed() and time.perf_counter() < until:
                pass
        else:
            self._drain.join(LATEST_WORDS)
        text = b"".join(self._kept).decode(errors="replace")[-OUTPUT_KEPT:]
        return text.replace(self.root + os.sep, "")

    async def close(self) -> None:
        """Ends the process with everything that it started, and waits until it is gone."""
        if not self.gone:
            self._kill()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(self._listening), 10)
        self._listening.cancel()
        self._writer.close()
        with contextlib.suppress(OSError, TimeoutError):
            await asyncio.wait_for(self._writer.wait_closed(), 1)
        if jail.current() and self.root != "/":  # what it may have written there is nobody's any more
            await asyncio.to_thread(shutil.rmtree, self.root, ignore_errors=True)

    def _read_printed(self) -> bool:
        """Keeps what was printed and hasn't been read yet; whether there was anything. Where the platform can't tell, it waits for more."""
        with self._printed_lock:
            if self._printed is None or (POLL and not _poll(self._printed).poll(0)):
                return False
            data = os.read(self._printed, PIPE_SIZE)
            self._kept.append(data[-OUTPUT_KEPT:])
            self._kept_bytes += len(self._kept[-1])
            while self._kept_bytes - len(self._kept[0]) >= OUTPUT_KEPT:
                self._kept_bytes -= len(self._kept.popleft())
            if not data:
                self._printed = None
            return bool(data)

    def _keep_output(self, file: int) -> None:
        try:
            while self._printed is not None:
                if POLL:
                    _poll(file).poll()
                self._read_printed()
        finally:
            with self._printed_lock:
                self._printed = None
                os.close(file)

    async def _listen(self) -> None:
        with contextlib.suppress(ConnectionError, asyncio.LimitOverrunError, ValueError):
            while line := await self._reader.readline():
                if (message := decode(line)) and message.pop("seal", "") == self.seal:
                    self._take(message)
                    if message.get("event") == "ended":
                        break
        self.gone = True
        for future in (self.started, *self._waiting.values()):
            if not future.done():
                future.set_exception(HostGone())
        if self.started.done():
            self.started.exception()  # may have no reader any more

    def _take(self, message: dict[str, Any]) -> None:
        event = message.get("event")
        if event == "reply":
            waiting = self._waiting.get(message.get("id", 0))
            if waiting is not None and not waiting.done():
                waiting.set_result(message)
        elif event == "importing":
            self.importing = message["module"]
        elif event in ("ready", "failed"):
            if not self.started.done():
                self.started.set_result(message)
        elif event in ("ending", "stopped", "ended"):
            self.ended.update({k: v for k, v in message.items() if k != "event"})


def _poll(file: int) -> "select.poll":
    waiting = select.poll()
    waiting.register(file, select.POLLIN)
    return waiting


def _allow_connections() -> None:
    """Lets judge and hosts open some thousand files: macOS allows 256, and two hundred connections through a gate are eight hundred."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if 0 <= soft < FILES:
            resource.setrlimit(resource.RLIMIT_NOFILE, (FILES if hard < 0 else min(FILES, hard), hard))


class ForkServer:
    """The process that forks hosts, seen from the judge; it removes ``folder`` when it ends."""

    def __init__(self) -> None:
        _allow_connections()
        self._getting_ready = threading.Lock()
        self.folder = Path(tempfile.mkdtemp(prefix="serving-katas-", dir=jail.shared_folder() or _scratch()))
        self._start()

    def _start(self) -> None:
        self._line, theirs = socket.socketpair()
        self._line.settimeout(120)
        self._ready = False
        with theirs:
            command = [sys.executable, "-m", "dojo.forkserver", str(theirs.fileno()), str(self.folder), *(["walls"] if jail.current() else [])]
            self._process = subprocess.Popen(
                jail.around_the_learner(command, self.folder, *filter(None, [jail.shared_folder()])),
                pass_fds=[theirs.fileno()], cwd=ROOT, env=_environment(), start_new_session=True,
                stdin=subprocess.DEVNULL,
            )

    async def fork(self) -> Host:
        """A new host; the first one waits until the libraries are imported.

        Raises `StarterGone` when a host's code has killed the process since the last one.
        """
        if not self._ready:
            await asyncio.to_thread(self._get_ready)
        ours, theirs = socket.socketpair()
        read, write = os.pipe()
        _widen(read)
        seal = secrets.token_urlsafe(16)
        try:
            with theirs:
                socket.send_fds(self._line, [encode({"fork": True, "seal": seal})], [theirs.fileno(), write])
            pid = self._reply()["pid"]
        except OSError:
            ours.close()
            os.close(read)
            self._end()
            self._start()
            raise StarterGone from None
        finally:
            os.close(write)
        reader, writer = await asyncio.open_connection(sock=ours, limit=LONGEST_LINE)

        line = self._line

        def kill() -> None:
            try:
                line.sendall(encode({"kill": pid}))
            except OSError:  # it was killed itself, and the line to the host won't say when that has ended
                with contextlib.suppress(OSError):
                    if jail.current() is None:  # behind a wall, numbers of processes are others
                        os.killpg(pid, signal.SIGKILL)
                writer.close()

        return Host(kill, reader, writer, read, seal)

    def close(self) -> None:
        """Ends all hosts and all that they started, then the process itself."""
        self._end()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _end(self) -> None:
        self._line.close()
        _gone(self._process)

    def _get_ready(self) -> None:
        """Waits until the libraries are imported: the first answer of all, which only one may take."""
        with self._getting_ready:
            if not self._ready:
                self._reply()
                self._ready = True

    def _reply(self) -> dict[str, Any]:
        data = b""
        while not data.endswith(b"\n"):
            more = self._line.recv(4096)
            if not more:
                raise ConnectionResetError("the process that starts hosts has ended; what it printed above says why")
            data += more
        reply: dict[str, Any] = json.loads(data)
        return reply


class Preloaded:
    """A process that has everything imported, and forks the fork servers that `QuickForkServer` asks it for.

    ``output``: where it writes if it fails itself; None: where this process does.
    """

    def __init__(self, output: int | None = None) -> None:
        _allow_connections()
        self.line, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "dojo.forkserver", str(theirs.fileno())], pass_fds=[theirs.fileno()], cwd=ROOT, env=_environment(),
                start_new_session=True, stdin=subprocess.DEVNULL, stdout=output, stderr=output)

    def close(self) -> None:
        """Ends it; the fork servers live on until each has been closed."""
        with contextlib.suppress(OSError):
            self.line.shutdown(socket.SHUT_RDWR)  # forks of this process may hold the line as well
        self.line.close()
        _gone(self._process)


class QuickForkServer(ForkServer):
    """One that is itself forked, by a preloaded process: it is there within milliseconds."""

    def __init__(self, preloaded: Preloaded) -> None:
        self._preloaded = preloaded
        super().__init__()

    def _start(self) -> None:
        self._line, theirs = socket.socketpair()
        self._line.settimeout(120)
        self._ready = False
        with theirs:
            socket.send_fds(self._preloaded.line, [os.fsencode(self.folder)], [theirs.fileno()])

    def leave(self) -> None:
        """In one of two processes that have it, as one was forked from the other: leaves it to the other."""
        self._line.close()

    def _end(self) -> None:
        with contextlib.suppress(OSError):
            self._line.shutdown(socket.SHUT_WR)
            self._line.settimeout(15)
            while self._line.recv(4096):  # it ends when it has ended its hosts
                pass
        self._line.close()


class Launcher:
    """One judge run's hosts, and the snapshot of the workspace that they run.

    ``server``: a fork server that serves several runs; without it the run has its own, forked from ``preloaded`` if that is given.
    """

    def __init__(self, workspace: Workspace, server: ForkServer | None = None, preloaded: Preloaded | None = None) -> None:
        _allow_connections()
        self.workspace = workspace
        self._own: ForkServer | None = None
        if FORK and server is None:
            self._own = QuickForkServer(preloaded) if preloaded else ForkServer()
        self._server = server or self._own
        folder = self._server.folder if self._server else None
        self._folder = Path(tempfile.mkdtemp(prefix="serving-katas-", dir=folder or _scratch()))
        self.root = workspace.snapshot(self._folder / "workspace")
        #: Where the run's tests may keep files; who wants it makes it.
        self.temporary = self._folder / "tests"
        self._references: dict[Path, Path] = {workspace.path: self.root}
        self._hidden = Path(tempfile.mkdtemp(prefix="serving-katas-")) if jail.current() else self._folder
        self._numbers = itertools.count(1)

    def root_of(self, path: Path) -> Path:
        """The snapshot of another workspace, made when it is first asked for."""
        if path not in self._references:
            self._references[path] = Workspace.at(path).snapshot(self._hidden / f"reference-{len(self._references)}")
        return self._references[path]

    async def start(self, task: dict[str, Any], *, fresh: bool = False) -> Host:
        """A new host that has been given ``task``; with ``fresh`` from a new interpreter, as where nothing can be forked.

        It gets a copy of its own of the tree at ``root``: what it writes or deletes, no other sees.
        ``overlay`` maps paths in it to texts that the judge lays over it.
        """
        root = shutil.copytree(task["root"], self._folder / f"host-{next(self._numbers)}")
        for place, text in task.get("overlay", {}).items():
            (root / place).write_text(text, encoding="utf-8")
        host = await (self._server.fork() if self._server and not fresh else self._spawn())
        host.root = str(root)
        walls = {"confine": jail.around_the_host(host.root)} if jail.current() else {}
        host.tell({**task, "root": host.root, "overlay": list(task.get("overlay", ())), "seal": host.seal, **walls})
        return host

    def leave(self) -> None:
        """In one of two processes that have it, as one was forked from the other: leaves all to the other."""
        if isinstance(self._own, QuickForkServer):
            self._own.leave()

    def close(self) -> None:
        """Ends the hosts that still run, and removes the snapshots."""
        if self._own is not None:
            self._own.close()
        for folder in {self._folder, self._hidden}:
            shutil.rmtree(folder, ignore_errors=True)

    # -- spawn

    async def _spawn(self) -> Host:
        """A host from a fresh interpreter, which connects back to a port that only it knows the token of."""
        token = secrets.token_urlsafe(16)
        connected: asyncio.Future[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.get_running_loop().create_future()

        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if (await reader.readline()).strip() == token.encode() and not connected.done():
                connected.set_result((reader, writer))
            else:
                writer.close()

        server = await asyncio.start_server(accept, "127.0.0.1", 0, limit=LONGEST_LINE)
        port = server.sockets[0].getsockname()[1]
        environment = {**_environment(), "DOJO_PORT": str(port), "DOJO_TOKEN": token}
        read, write = os.pipe()
        process = subprocess.Popen(  # noqa: ASYNC220  # a thread keeps its output, and its end is waited for briefly
            [sys.executable, "-c", "from dojo import waits; waits.install(); from dojo.host import _spawned; _spawned()"],
            cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=write, stderr=write,
            start_new_session=os.name == "posix",
        )
        os.close(write)
        try:
            reader, writer = await asyncio.wait_for(connected, 60)
        finally:
            server.close()
        host = Host(lambda: _end(process), reader, writer, read)
        host._listening.add_done_callback(lambda _: host.ended.update(_ended(process)))
        return host


def no_room(error: BaseException) -> str:
    """What to do when ``error`` says that a disk is full; empty when it says something else."""
    if not isinstance(error, OSError) or (error.errno != errno.ENOSPC and f"[Errno {errno.ENOSPC}]" not in str(error)):
        return ""
    # The error of a copied tree holds those of its files: source, target, and why.
    file = error.args[0][0][1] if isinstance(error, shutil.Error) else error.filename
    place = f", such as {file}" if file else ""
    return f"No space is left for the files of a judging{place}. Make room there, or name a folder on another disk with TMPDIR."


def _scratch() -> Path | None:
    """The folder for the copies of a workspace: in memory where that can be; None for the system's own for temporary files."""
    if "TMPDIR" in os.environ:  # somebody has chosen
        return None
    with contextlib.suppress(AttributeError, OSError):  # no such folder; a platform without statvfs
        room = os.statvfs(MEMORY)
        if room.f_bavail * room.f_frsize >= ROOM and os.access(MEMORY, os.W_OK):
            return MEMORY
    return None


def _widen(pipe: int) -> None:
    """Lets a pipe hold more, so that code which prints much is not held up by who reads it."""
    if sys.platform == "linux":
        import fcntl

        with contextlib.suppress(OSError):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_SIZE)


def end_with(parent: int) -> None:
    """Lets this process, which ``parent`` has forked, be killed when that one ends (Linux)."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it has ended before that was said
            os._exit(1)


def _gone(process: subprocess.Popen[bytes]) -> None:
    """Waits for the end of a process that has been asked for it, and makes it if it doesn't come."""
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends a spawned host, and on POSIX its process group."""
    with contextlib.suppress(OSError):
        if os.name == "posix":
            os.killpg(process.pid, 9)
        process.kill()


def _ended(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    try:
        code = process.wait(2)
    except subprocess.TimeoutExpired:
        _end(process)
        code = process.wait()
    return {"status": abs(code), "signaled": code < 0}


def _environment() -> dict[str, str]:
    """The judge's environment without what would change how the learner's service starts."""
    skipped = {name.upper() for name in _SETTINGS} | {"PYTEST_CURRENT_TEST", "PYTHONSTARTUP", "PYTHONSAFEPATH"}
    skipped.add("KATA_SEED")  # from which it could be known what the judge will draw
    kept = {key: value for key, value in os.environ.items() if key.upper() not in skipped}
    return jail.environment({**kept, "PYTHONUNBUFFERED": "1"})


#: The service's own settings: a kata sets those that it needs, and a shell's never reach it.
_SETTINGS = (
    "inference_seconds", "database_url", "redis_url", "weather_url", "images_url", "analytics_url",
    "services_url", "upstream_timeout_seconds", "config_path", "weights_path", "latency_samples", "pool_processes",
    "host", "port", "web_concurrency", "profile", "trusted_proxies", "drain_seconds",
)
