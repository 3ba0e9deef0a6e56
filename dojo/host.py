"""The host: the child process in which the learner's code runs.

It serves an application under uvicorn on a free port of the loopback interface, or calls named
functions with plain data. Everything that it sees goes to the judge as messages (``wire.py``).
It is forked from a process that has imported the libraries already (``forkserver.py``), or
started as ``python -m dojo.host`` where there is no fork.
"""

import asyncio
import contextlib
import difflib
import importlib
import importlib.util
import inspect
import logging
import os
import queue
import signal
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, BinaryIO

import uvicorn

from dojo import waits
from dojo.clock import RunQueue, queue_delays
from dojo.files import hold_file
from dojo.imports import Importer
from dojo.jail import confine
from dojo.logs import Logs
from dojo.probe import Application, Probe
from dojo.stack import Learner, current_frames
from dojo.stopping import Stopping
from dojo.waits import WaitGate
from dojo.wire import NEW, Line, plain

_real_exit = os._exit

#: How long the workers that a service has told to end may take for it; only those that weren't told do. In seconds.
LEAVING_PATIENCE = 4.0


class _Server(uvicorn.Server):
    """uvicorn's server, which says when it answers."""

    def __init__(self, config: uvicorn.Config, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._started = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if not self.should_exit:
            self._started()


class Host:
    """One child process: what it was asked to do (``task``), and the line to the judge."""

    def __init__(self, line: Line, task: dict[str, Any]) -> None:
        self.line = line
        self.task = task
        self.learner = Learner(task["root"], task.get("overlay", ()))
        self.gate = WaitGate(self.learner)
        self.probe = Probe(self.learner, self.gate)
        self.logs = Logs(self.learner)
        self.stopping = Stopping(self.learner, self.probe)
        self.importer = Importer(self.learner, task.get("quarantine", {}), self._importing)
        self._calls = queue.SimpleQueue[dict[str, Any] | None]()
        self._running: asyncio.AbstractEventLoop | None = None
        self._main = threading.get_ident()
        self._queue = RunQueue()
        #: The threads' delays when the call that runs now began.
        self._delays: dict[str, float] = {}
        self._pid = os.getpid()
        self._server: _Server | None = None
        #: Whether the learner's code has been imported, and so can have changed anything.
        self.imported = False
        self._workers: list[int] = []

    def run(self) -> None:
        """Does the task and returns when it is done; what goes wrong is said on the line."""
        os.environ.update(self.task.get("env", {}))
        os.chdir(self.task["root"])
        os._exit = self._noted_exit  # type: ignore[assignment]  # it doesn't return either
        self.importer.install()
        self.logs.install()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=_unobserved)
        threading.Thread(target=self._listen, name="dojo-line", daemon=True).start()
        if path := self.task.get("hold_file"):
            hold_file(self.gate, path)
        if self.task["do"] == "serve":
            self._serve()
        else:
            self._work()

    def _importing(self, module: str) -> None:
        self.line.send(event="importing", module=module)

    def _noted_exit(self, status: int = 0) -> None:
        """``os._exit``, which ends a process without a word: here it says first where it was called."""
        if os.getpid() == self._pid:
            place = self.learner.innermost(inspect.currentframe())
            self.line.send(event="ending", how=f"os._exit({status})", place=place)
        _real_exit(status)

    # -- serving

    def _serve(self) -> None:
        try:
            application = self._application(self.task["app"])
        except BaseException as error:
            self.line.send(event="failed", stage="import", error=self._noticed(error), broken=self.importer.broken)
            return
        self.imported = True
        # With its protocol named, as asyncio switches off Nagle's algorithm only then: without that
        # each answer on a kept connection comes 40 ms late.
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listening.bind(("127.0.0.1", 0))
        listening.listen(512)
        logging.getLogger("uvicorn").addHandler(logging.NullHandler())
        if "DATABASE_URL" not in self.task.get("env", {}):  # an exercise about something else, and a pool that finds no database
            logging.getLogger("psycopg.pool").addHandler(logging.NullHandler())
        watched = self.task.get("probe", True)
        config = uvicorn.Config(
            self.probe.layer(application) if watched else application, loop=self.task.get("loop", "asyncio"), lifespan="auto",
            log_config=None, access_log=False, ws="none" if not self.task.get("ws") else "auto",
        )

        def started() -> None:
            if watched:
                self.probe.attach()
            self.line.send(event="ready", port=listening.getsockname()[1], broken=self.importer.broken)

        server = self._server = _Server(config, started)
        self.stopping.follow(server)
        with contextlib.suppress(SystemExit):  # uvicorn's way to say that it could not start
            server.run(sockets=[listening])
        if not server.started:
            cause = self.probe.startup_error or {"type": "", "message": "uvicorn could not start it", "frames": []}
            self.line.send(event="failed", stage="startup", error=cause, broken=self.importer.broken)
        elif server.should_exit:
            # Looked at here, as uvicorn ends with the signal that stopped it: nothing that Python does at its end would come after.
            self.line.send(event="stopped", left=_still_running(self._workers, LEAVING_PATIENCE))
            # What the interpreter does at its end, and a forked child doesn't: it waits for threads.
            threading._shutdown()  # type: ignore[attr-defined]

    def _stop(self, workers: list[int]) -> None:
        """Asks the server to stop gracefully, as a SIGTERM would; it is said which of ``workers`` run on after that."""
        self._workers = workers
        if self._server is not None:
            self._server.should_exit = True

    def _noticed(self, error: BaseException) -> dict[str, Any]:
        if isinstance(error, SystemExit):
            return {**self.learner.error(error), "type": "SystemExit"}
        return self.learner.error(error)

    def _application(self, target: str) -> Application:
        """The object ``module:name``, or ``path/to/file.py:name`` for a service that the judge brings along."""
        where, _, name = target.rpartition(":")
        application = named(_module_at(where), name, where)
        if not callable(application):
            raise TypeError(f"{target} is no application but {application!r:.60}")
        return application  # type: ignore[no-any-return]  # whatever it is, uvicorn calls it

    # -- calling functions

    def _work(self) -> None:
        self.line.send(event="ready", port=0, broken={})
        calls = iter(self._calls.get, None)
        for call in calls:
            self._delays = queue_delays()
            try:
                value = self._call(call)
            except BaseException as error:
                self.line.send(event="reply", id=call["id"], error=self._noticed(error))
            else:
                self.line.send(event="reply", id=call["id"], value=value)

    def _call(self, call: dict[str, Any]) -> Any:
        function = self._resolve(call["function"])
        if call["args"] is None:
            return plain(function)
        value = function(*(self._built(each) for each in call["args"]))
        if inspect.isawaitable(value):
            value = asyncio.run(self._finish(value))
        return plain(value)

    async def _finish(self, value: Any) -> Any:
        self._running = asyncio.get_running_loop()
        return await value

    def _resolve(self, path: str) -> Any:
        """What ``module:name`` names, or ``path/to/file.py:name`` in a driver that the judge brings along."""
        where, _, name = path.rpartition(":")
        return named(_module_at(where), name, where)

    def _built(self, value: Any) -> Any:
        """``value`` with the objects made for which it holds recipes (`wire.new`)."""
        if isinstance(value, dict):
            if NEW in value:
                fields = {key: self._built(each) for key, each in value["fields"].items()}
                return self._resolve(value[NEW])(**fields)
            return {key: self._built(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self._built(each) for each in value]
        return value

    # -- the judge's questions

    def _listen(self) -> None:
        """Answers the judge on a thread of its own, so that a held loop doesn't silence it."""
        while (message := self.line.receive()) is not None:
            do = message.get("do")
            if do == "call":
                self._calls.put(message)
            elif do == "gather":  # takes its time, and other questions may come meanwhile
                threading.Thread(target=self._answer, args=(message,), daemon=True).start()
            else:
                self._answer(message)
        _real_exit(0)  # the judge has hung up

    def _answer(self, message: dict[str, Any]) -> None:
        value = self._questions()[message["do"]](message)
        self.line.send(event="reply", id=message["id"], value=value)

    def _questions(self) -> dict[str, Callable[[dict[str, Any]], Any]]:
        probe, gate = self.probe, self.gate
        return {
            "close": lambda m: probe.close_gate(m["arm"], m["shortest"], m["skip"]),
            "stop": lambda m: self._stop(m.get("workers", [])),
            "terminate": lambda m: self.stopping.terminate(),
            "stopping": lambda m: self.stopping.report(),
            "leap": lambda m: self.stopping.leap(),
            "standing": lambda m: self.stopping.standing(),
            "logged": lambda m: self.logs.records(),
            "watch": lambda m: probe.begin(m["arm"], held_outside=True),
            "pulse": lambda m: probe.pulse(),
            "gather": lambda m: probe.gather(m["expected"], m["limit"], m["strangers"]),
            "release": lambda m: gate.release(),
            "open": lambda m: gate.open(),
            "report": lambda m: probe.report(),
            "error": lambda m: probe.error_of(m["path"]),
            "where": lambda m: self._where(),
            "delayed": lambda m: self._delayed(),
        }

    def _delayed(self) -> float:
        """For how many seconds of the call that runs now one of the threads was ready to run and had no CPU; of several, the most."""
        return max((delay - self._delays.get(task, 0.0) for task, delay in queue_delays().items()), default=0.0)

    def _where(self) -> dict[str, Any]:
        """Where the main thread stands in the learner's code, and whether it computes or waits."""
        def busy() -> float:
            """Seconds for which it had a CPU, or was ready to run and queued for one."""
            if not hasattr(time, "pthread_getcpuclockid"):
                return 0.0
            return time.clock_gettime(time.pthread_getcpuclockid(self._main)) + self._queue.seconds()

        before, began = busy(), time.perf_counter()
        threading.Event().wait(0.1)
        computing = busy() - before > 0.3 * (time.perf_counter() - began)
        place = self.learner.innermost(current_frames().get(self._main))
        return {"place": place, "computing": computing, "standing": self._tasks_standing()}

    def _tasks_standing(self) -> list[dict[str, Any]]:
        """Where the running loop's tasks wait in the learner's code: each place, and how many wait there."""
        if self._running is None:
            return self.probe.standing() if self.task["do"] == "serve" else []
        places = [self.learner.awaiting(task.get_coro()) for task in asyncio.all_tasks(self._running)]
        counted = Counter(tuple(place.items()) for place in places if place)
        return [{**dict(place), "count": count} for place, count in counted.most_common()]


def _still_running(processes: list[int], patience: float) -> list[int]:
    """Which of ``processes`` have not ended after ``patience`` seconds; none, as soon as all have."""
    until = time.perf_counter() + patience
    while left := [process for process in processes if _runs(process)]:
        if time.perf_counter() > until:
            break
        waits.real_sleep(0.005)
    return left


def _runs(process: int) -> bool:
    """Whether there is such a process, and more of it than its exit status."""
    if os.name != "posix":  # there, the question would be a signal
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    try:
        with open(f"/proc/{process}/stat", "rb") as stat:
            return stat.read().rpartition(b")")[2].split()[0] != b"Z"
    except OSError:  # gone meanwhile; or a platform without /proc
        return sys.platform != "linux"


def _unobserved() -> None:
    """A process that the learner's code forks, such as a pool's worker, is none of the probe's affair."""
    sys.setprofile(None)
    waits.detach()
    # It inherits the server's handler of SIGTERM as well, which ends nothing there. Whether a pool that terminates such
    # processes hangs is then a matter of luck, in real life too; a verdict can't rest on that.
    if callable(signal.getsignal(signal.SIGTERM)):
        with contextlib.suppress(ValueError):
            signal.signal(signal.SIGTERM, signal.SIG_DFL)


def named(module: ModuleType, name: str, where: str) -> Any:
    """What ``module`` calls ``name``; raises ``AttributeError`` with the name that may be meant. ``where``: the module in dots."""
    try:
        return getattr(module, name)
    except AttributeError:
        names = [n for n in vars(module) if not n.startswith("_")]
        close = difflib.get_close_matches(name, names, n=1)
        hint = f"; it has `{close[0]}`: was it renamed?" if close else ""
        raise AttributeError(f"{where.replace('.', '/')}.py has no `{name}`{hint}") from None


def _module_at(where: str) -> ModuleType:
    """The module of that name; or that of a file that the judge brings along."""
    if not where.endswith(".py"):
        return importlib.import_module(where)
    file = Path(where)
    name = f"dojo_service_{file.stem}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def main(incoming: BinaryIO, outgoing: BinaryIO) -> None:
    """Takes one task from the judge and does it."""
    line = Line(incoming, outgoing)
    task = line.receive()
    if not task:
        return
    line.seal = task.pop("seal", "")
    if walls := task.pop("confine", None):
        confine(**walls)
    host = Host(line, task)
    try:
        host.run()
    except BaseException as error:  # the dojo's own mistake, or of code that has replaced something: say so rather than vanish
        stage = "after" if host.imported else "dojo"
        host.line.send(event="failed", stage=stage, error={"type": type(error).__name__, "message": str(error), "frames": []})
        raise


def _spawned() -> None:
    """The way without fork: connect to the judge's port, which stands in the environment."""
    port = int(os.environ.pop("DOJO_PORT"))
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(os.environ.pop("DOJO_TOKEN").encode() + b"\n")
        main(connection.makefile("rb"), connection.makefile("wb"))


if __name__ == "__main__":
    _spawned()
