"""The judge, kept preloaded: ``python -m dojo.warm`` imports pytest, the dojo and the katas once, and judges in forks of itself.

It is asked on its standard input and answers on its standard output, both one JSON object a line:

- ``{"judge": 7, "exercise": "1.5", "workspace": path, "quick": false}`` begins a judging, and ends one that still runs.
- ``{"ready": true}`` is the first answer. To a judging, which the number tells, belong
  ``{"judge": 7, "test": 2, "of": 5}`` at the begin of each test, ``{"judge": 7, "result": {…}}`` (`Result.as_data`) as soon
  as there is one, and ``{"judge": 7, "ended": 0}`` at its end, with what the dojo itself had to complain of as ``trouble``.

Each judging has a process of its own, and forks its hosts from a fork server of its own, which is forked
from a preloaded one as well: so one can be ended at any time, and nothing of it reaches the next.
PostgreSQL and Redis alone stay, once an exercise has needed them, until the input ends.
"""

import contextlib
import gc
import io
import json
import os
import select
import signal
import subprocess
from dataclasses import dataclass
from typing import Any

import pytest

from dojo import catalog, services
from dojo.launch import Preloaded, QuickForkServer, end_with
from dojo.results import Collector, Result
from dojo.services import Services
from dojo.workspace import ROOT

_BASE = ["--rootdir", str(ROOT), "-c", str(ROOT / "pyproject.toml")]


@dataclass(eq=False)
class _Shared:
    """As a pytest plugin without hooks, what all judgings have in common."""

    thing: Any


class _Telling:
    """A pytest plugin that tells on ``line`` how a judging goes."""

    def __init__(self, line: int, number: int, shared: dict[str, Any]) -> None:
        self._line = line
        self._number = number
        self._shared = shared
        self._begun = self._chosen = 0
        self.trouble = ""

    @pytest.hookimpl(tryfirst=True)  # the dojo's own looks for them
    def pytest_configure(self, config: pytest.Config) -> None:
        for name, thing in self._shared.items():
            config.pluginmanager.register(_Shared(thing), name)

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        collector = session.config.pluginmanager.get_plugin("dojo-results")
        if isinstance(collector, Collector):
            collector.listeners.append(self._result)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._chosen = len(session.items)

    def pytest_runtest_logstart(self) -> None:
        self._begun += 1
        self.tell(test=self._begun, of=self._chosen)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.trouble = str(report.longrepr)

    def pytest_internalerror(self, excrepr: object) -> None:
        self.trouble = str(excrepr)

    def _result(self, result: Result) -> None:
        self.tell(result=result.as_data())

    def tell(self, **what: Any) -> None:
        """Writes one line."""
        data = json.dumps({"judge": self._number, **what}).encode() + b"\n"
        while data:
            data = data[os.write(self._line, data):]


class _Warm:
    """The preloaded judge: ``incoming`` and ``outgoing`` are the files of its line."""

    def __init__(self, incoming: int, outgoing: int) -> None:
        self._incoming = incoming
        self._outgoing = outgoing
        self._services = Services()
        self._preloaded = Preloaded(subprocess.DEVNULL)
        self._own = os.getpid()
        #: The judging that runs: its process and its number.
        self._running: tuple[int, int] | None = None
        self._needed, self._news = os.pipe()

    def run(self) -> None:
        """Judges until the input ends."""
        self._rehearse()
        wake_read, wake_write = os.pipe()
        for end in (wake_read, wake_write):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self._tell(ready=True)
        rest = b""
        try:
            while True:
                ready = select.select([self._incoming, wake_read, self._needed], [], [])[0]
                if wake_read in ready:
                    with contextlib.suppress(BlockingIOError):
                        os.read(wake_read, 4096)
                    self._reap()
                if self._needed in ready and self._running is None:  # a judging that runs shall not wait for it
                    self._start_services(os.read(self._needed, 4096).decode().split())
                if self._incoming in ready:
                    data = os.read(self._incoming, 65536)
                    if not data:
                        return
                    *lines, rest = (rest + data).split(b"\n")
                    for line in lines:
                        self._begin(json.loads(line))
        finally:
            self._end()
            self._services.close()
            self._preloaded.close()

    def _rehearse(self) -> None:
        """Collects all katas, which imports what judging them needs."""
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            pytest.main([*_BASE, "--collect-only", "-q", str(ROOT / "katas")])
        gc.collect()
        gc.freeze()

    def _tell(self, **what: Any) -> None:
        # The newline in front ends a line in whose middle a judging may have been ended.
        with contextlib.suppress(BrokenPipeError):
            os.write(self._outgoing, b"\n" + json.dumps(what).encode() + b"\n")

    def _begin(self, asked: dict[str, Any]) -> None:
        self._end()
        if "judge" not in asked:
            return
        self._running = (os.fork(), asked["judge"])
        if self._running[0] == 0:
            status = 1
            try:
                status = self._judge(asked)
            except BaseException as error:
                with contextlib.suppress(Exception):
                    _Telling(self._outgoing, asked["judge"], {}).tell(ended=1, trouble=f"{type(error).__name__}: {error}")
            finally:
                os._exit(status)

    def _end(self) -> None:
        """Ends the judging that runs; its hosts end as they lose it."""
        if self._running is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._running[0], signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(self._running[0], 0)
            self._running = None

    def _reap(self) -> None:
        if self._running is None:
            return
        with contextlib.suppress(ChildProcessError):
            if os.waitpid(self._running[0], os.WNOHANG) == (0, 0):
                return
        self._tell(judge=self._running[1], ended=0)
        self._running = None

    def _start_services(self, kinds: list[str]) -> None:
        """Starts what a judging has needed, and had to start for itself, so that the next one finds it."""
        for kind in kinds:
            with contextlib.suppress(services.NoService):
                self._services._once(kind, {"postgresql": services.postgres, "redis": services.redis}[kind])

    # -- in the fork

    def _judge(self, asked: dict[str, Any]) -> int:
        end_with(self._own)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, 0)
        os.dup2(nothing, 1)
        os.dup2(nothing, 2)
        started = set(self._services._started)
        server = QuickForkServer(self._preloaded)
        telling = _Telling(self._outgoing, asked["judge"], {"dojo-fork-server": server, "dojo-services": self._services})
        options = ["--workspace", asked["workspace"], "--history", *(["--quick"] if asked.get("quick") else [])]
        kata = str(ROOT / catalog.exercise(asked["exercise"]).kata)
        said = io.StringIO()
        try:
            with contextlib.redirect_stderr(said):  # where pytest says what it could not even begin with
                status = int(pytest.main([*_BASE, *options, kata], plugins=[telling]))
        finally:
            server.close()
            own = set(self._services._started) - started
            for kind in own:
                with contextlib.suppress(AttributeError):  # one that could not be started
                    self._services._started[kind].close()  # type: ignore[union-attr]
            os.write(self._news, " ".join([*own, ""]).encode())
        if status == pytest.ExitCode.USAGE_ERROR:
            telling.trouble = telling.trouble or said.getvalue().strip().removeprefix("ERROR: ")
        if telling.trouble:
            telling.tell(trouble=telling.trouble)
        return status


def main() -> None:
    """Judges until its input ends."""
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # its input ends when the terminal's program does
        signal.signal(ignored, signal.SIG_IGN)
    # Nothing that is printed may get between the answers.
    incoming, outgoing = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    _Warm(incoming, outgoing).run()


if __name__ == "__main__":
    main()
