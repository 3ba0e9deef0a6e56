"""The preloaded process from which hosts are forked, so that a start costs milliseconds.

The standard library has a fork server as well. This one is its own because of what has to hold
when things go wrong: it outlives the judge for the moment that it takes to end every host with all
that the learner's code has started (process groups, and orphans, which it adopts on Linux), also
after a ``kill -9`` of the judge; it says how a host ended; and it never imports the judge's
``__main__`` again in each child, which costs a second with pytest.
"""

import contextlib
import json
import os
import shutil
import signal
import socket
import sys
import tempfile
import types
from collections.abc import Set
from typing import Any

_PR_SET_CHILD_SUBREAPER = 36
#: How long the path of a folder may be in which Python makes its sockets: 104 bytes, the least that a platform has for one's path,
#: without ``/pymp-12345678/listener-12345678``.
LONGEST_TEMPORARY = 72

#: What a host needs, and what a learner's service is likely to import; the longest part of a start.
PRELOAD = (
    "dojo.host", "fastapi", "httpx", "pydantic_settings", "uvicorn.loops.asyncio", "uvicorn.protocols.http.h11_impl",
    "uvicorn.lifespan.on", "concurrent.futures.thread", "concurrent.futures.process", "multiprocessing.spawn", "csv", "queue", "subprocess",
    "psycopg", "psycopg_pool", "redis.asyncio", "prometheus_client", "numpy", "PIL.PngImagePlugin",  # not onnxruntime: it starts threads
)


def _rehearse() -> None:
    """Serves one request of a small application, so that all that is imported late is imported now."""
    import asyncio

    import fastapi
    import httpx
    from pydantic import BaseModel

    class Model(BaseModel):
        number: float

    app = fastapi.FastAPI()

    @app.post("/model")
    def endpoint(model: Model) -> Model:
        return model

    async def ask() -> None:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://rehearsal") as client:
            await client.post("/model", json={"number": 1.0})
            await client.post("/model", json={})
            await client.get("/openapi.json")

    asyncio.run(ask())


def _keep_certificates() -> None:
    """Lets all of httpx's clients share one TLS context, as loading the certificates takes 20 ms for each, at every start of a service.

    The hosts inherit it. Where httpx is built in another way, each client loads its own as ever.
    """
    import functools

    import httpx
    import httpx._transports.default as transports

    with contextlib.suppress(AttributeError):
        transports.create_ssl_context = functools.cache(transports.create_ssl_context)  # type: ignore[attr-defined]
    httpx.Client().close()


class _ForkServer:
    """Answers one judge: forks hosts for it, and tells on each host's own line how it ended."""

    def __init__(self, judge: socket.socket, folder: str, tracker: int | None) -> None:
        self._judge = judge
        self._folder = folder
        self._tracker = tracker
        self._lines: dict[int, int] = {}
        self._seals: dict[int, str] = {}
        #: The lines of hosts that have ended, until the judge has hung up on each: one that it still writes to would break, and it
        #: would never read how the host ended.
        self._told: set[int] = set()
        #: What the judge has sent and isn't done yet: the begin of a message, and the files of those that ask for a host.
        self._begun = b""
        self._files: list[int] = []

    def serve(self) -> None:
        """Forks until the judge hangs up, then ends everything."""
        import select

        wake_read, wake_write = os.pipe()
        os.set_blocking(wake_write, False)
        os.set_blocking(wake_read, False)
        signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(ignored, signal.SIG_IGN)
        try:
            while True:
                ready: list[object] = select.select([self._judge, wake_read, *self._told], [], [])[0]  # type: ignore[type-var]  # a socket and numbers
                if wake_read in ready:
                    with contextlib.suppress(BlockingIOError):
                        os.read(wake_read, 4096)
                    self._reap()
                self._hang_up(self._told.intersection(ready))
                if self._judge in ready and not self._requests((wake_read, wake_write)):
                    return
        finally:
            for pid in self._lines:
                _kill_group(pid)
            self._lines.clear()
            while self._kill_orphans():  # the end of one may leave others without a parent
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(-1, 0)
            _stop_tracker()
            shutil.rmtree(self._folder, ignore_errors=True)

    def _requests(self, own: tuple[int, int]) -> bool:
        """Does what the judge asks for, one message a line; False when it has hung up."""
        try:
            data, files, _, _ = socket.recv_fds(self._judge, 4096, 2)
        except OSError:
            return False
        self._files += files
        # Several may have come since this process last looked, as when hosts are closed side by side.
        *lines, self._begun = (self._begun + data).split(b"\n")
        for line in lines:
            self._do(json.loads(line), own)
        return bool(data)

    def _do(self, request: dict[str, Any], own: tuple[int, int]) -> None:
        if "kill" in request:
            if request["kill"] in self._lines:
                _kill_group(request["kill"])
            return
        line, output = self._files.pop(0), self._files.pop(0)
        pid = os.fork()
        if pid == 0:
            request.clear()  # none of the host's business
            self._seals.clear()
            self._become_host(line, output, own)
        os.close(output)
        self._lines[pid] = line
        self._seals[pid] = request.get("seal", "")
        self._judge.sendall(json.dumps({"pid": pid}).encode() + b"\n")

    def _become_host(self, line: int, output: int, own: tuple[int, int]) -> None:
        """In the child: never returns."""
        status = 1
        try:
            os.setsid()
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGCHLD, signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            self._judge.close()
            for file in (*own, *self._lines.values(), *self._told):
                os.close(file)
            nothing = os.open(os.devnull, os.O_RDONLY)
            os.dup2(nothing, 0)
            os.dup2(output, 1)
            os.dup2(output, 2)
            os.close(output)
            # A learner's pool of spawned processes would import this one's main module in each of them.
            sys.modules["__main__"] = types.ModuleType("__main__")
            from dojo.host import main

            with socket.socket(fileno=line) as connection:
                main(connection.makefile("rb"), connection.makefile("wb"))
            status = 0
        except BaseException:
            import traceback

            traceback.print_exc()
        finally:
            with contextlib.suppress(Exception):
                sys.stdout.flush()
                sys.stderr.flush()
            _exit(status)

    def _reap(self) -> None:
        """Says for each host that has ended how it ended, and ends what it leaves behind."""
        while True:
            try:
                ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return
            if ended is None:
                return
            pid = ended.si_pid
            line = self._lines.pop(pid, None)
            if line is not None:
                _kill_group(pid)  # before its number is free again
            os.waitpid(pid, 0)
            if line is None:
                continue
            self._kill_orphans()
            said = {"event": "ended", "status": ended.si_status, "signaled": ended.si_code != os.CLD_EXITED, "seal": self._seals.pop(pid, "")}
            with contextlib.suppress(OSError), socket.socket(fileno=os.dup(line)) as connection:
                # The newline in front ends a message in whose middle the host may have died.
                connection.sendall(b"\n" + json.dumps(said).encode() + b"\n")
            self._told.add(line)

    def _hang_up(self, lines: Set[int]) -> None:
        """Reads what the judge had still to say to hosts that have ended, and closes the lines on which it has hung up."""
        for line in lines:
            said = b""
            with contextlib.suppress(OSError):
                said = os.read(line, 4096)
            if not said:
                self._told.remove(line)
                os.close(line)

    def _kill_orphans(self) -> int:
        """Ends adopted processes: those that left their host's group and lost their parent; how many they were."""
        orphans = 0
        with contextlib.suppress(OSError), open(f"/proc/self/task/{os.getpid()}/children") as children:
            for pid in map(int, children.read().split()):
                if pid not in self._lines and pid != self._tracker:
                    orphans += 1
                    with contextlib.suppress(OSError):
                        os.kill(pid, signal.SIGKILL)
        return orphans


_exit = os._exit


def _kill_group(pid: int) -> None:
    with contextlib.suppress(OSError):
        os.killpg(pid, signal.SIGKILL)
    with contextlib.suppress(OSError):  # it may not have its own group yet
        os.kill(pid, signal.SIGKILL)


def _start_tracker() -> int | None:
    """Starts one resource tracker of `multiprocessing` for all hosts; its process.

    A pool of spawned processes has semaphores that outlive them. It is the tracker that removes them, and one of a host's own
    would be ended together with the host, before it could. It would also cost every service with such a pool a Python's start.
    """
    from multiprocessing import resource_tracker

    sys.warnoptions.append("ignore")  # it says at its end what it has removed; that a host was ended is nobody's mistake
    try:
        resource_tracker.ensure_running()
    finally:
        sys.warnoptions.pop()
    pid: int | None = getattr(resource_tracker._resource_tracker, "_pid", None)
    return pid


def _stop_tracker() -> None:
    """Lets the tracker remove what is left, and waits until it has."""
    from multiprocessing import resource_tracker

    with contextlib.suppress(AttributeError, OSError):  # no such method; it was killed
        resource_tracker._resource_tracker._stop()  # type: ignore[attr-defined]


def _adopt_orphans() -> None:
    """Makes this process the parent of descendants that lose theirs (Linux)."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _preload() -> None:
    """Imports all that hosts need."""
    import gc
    import importlib.util

    from dojo import waits

    gc.disable()  # collections would find hardly anything in what is imported
    waits.install()  # before any other module takes a copy of sleep
    # numpy would start threads, which a fork leaves behind.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # its command line, with all of rich, which nobody calls
    if importlib.util.find_spec("sniffio") is None:  # httpx looks for it at each request
        sys.modules.setdefault("sniffio", None)  # type: ignore[arg-type]
    for name in PRELOAD:
        with contextlib.suppress(ImportError):  # phase 0 says what is missing
            importlib.import_module(name)
    _keep_certificates()
    _rehearse()
    gc.freeze()  # the children share these pages as long as no collection touches them
    gc.enable()


def _keep_temporary_files(folder: str) -> None:
    """Lets temporary files of the hosts' code lie in ``folder``, which is removed at the end: a host that is killed removes none."""
    temporary = os.path.join(folder, "t")
    if len(os.fsencode(temporary)) <= LONGEST_TEMPORARY:
        with contextlib.suppress(OSError):  # a full disk is told by whoever writes something
            os.mkdir(temporary, 0o700)
            os.environ["TMPDIR"] = temporary
            tempfile.tempdir = None


def _serve(judge: socket.socket, folder: str, keep: bool = True) -> None:
    """Forks hosts for one judge until it hangs up; ``keep``: their temporary files lie in ``folder``."""
    _adopt_orphans()
    if keep:
        _keep_temporary_files(folder)
    server = _ForkServer(judge, folder, _start_tracker())
    with contextlib.suppress(BrokenPipeError):  # the judge may have gone meanwhile
        judge.sendall(b'{"ready": true}\n')
    server.serve()


def _serve_many(asking: socket.socket) -> None:
    """For each judge that asks, forks a process that serves it alone: it is there within milliseconds. Ends when ``asking`` does."""
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how they ended
    while True:
        folder, files, _, _ = socket.recv_fds(asking, 4096, 1)
        if not folder:
            return
        with socket.socket(fileno=files[0]) as judge:
            if os.fork() == 0:
                status = 1
                try:
                    os.setsid()
                    asking.close()
                    _serve(judge, folder.decode())
                    status = 0
                finally:
                    _exit(status)


def main() -> None:
    """``python -m dojo.forkserver FD FOLDER``: the judge's socket, and the folder to remove at the end.

    With a third argument hosts have the place for temporary files that TMPDIR names, as behind walls.
    Without a folder, judges ask on the socket for a server of their own: each sends the name of its folder, and a socket.
    """
    line = socket.socket(fileno=int(sys.argv[1]))
    _preload()
    if sys.argv[2:]:
        _serve(line, sys.argv[2], keep=not sys.argv[3:])
    else:
        _serve_many(line)


if __name__ == "__main__":
    main()
