"""``dojo serve``: the learner's service to try by hand, with all that it talks to, started anew at each save.

PostgreSQL and Redis are those of the katas (`services.py`); small HTTP services stand in for the others. The service itself is
uvicorn as anybody would start it, with a keeper (`keeper.py`) that ends all of its processes, whatever becomes of us.
"""

import argparse
import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
import tempfile
import time
import warnings
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from rich.text import Text

from dojo import services
from dojo.learn import workspace_of
from dojo.outside import Call
from dojo.progress import FOLDER
from dojo.show import Printer
from dojo.upstreams import Answer, Upstream
from dojo.watch import BACK_AGAIN, Files
from dojo.workspace import ROOT, Workspace

#: How long the others take to answer, in seconds: long enough to be felt.
DELAY = 0.2
#: How long requests may take that are in flight when the service is started anew, in seconds.
GRACE = 3
#: What ends a hang, in seconds.
PATIENCE = 30.0

CONFIG = "name,value\nregion,north\nretries,03\n"
GREETING = "hello from the cache"


class NoPort(Exception):
    """Somebody listens where the service should; the text says what to do."""


class Servings:
    """The service of one workspace: each start of it, and its end."""

    def __init__(self, workspace: Workspace, port: int, env: dict[str, str]) -> None:
        self._workspace = workspace
        self._port = port
        self._env = env
        self._keeper: asyncio.subprocess.Process | None = None
        self._events: asyncio.Task[None] | None = None
        self._pid = 0
        self.ended = asyncio.Event()
        self.status = 0

    async def start(self, log: Path) -> None:
        """Starts it; what it prints goes to the file ``log``."""
        self._keeper = await asyncio.create_subprocess_exec(
            sys.executable, "-I", "-S", str(ROOT / "dojo/keeper.py"), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            start_new_session=True, limit=1 << 24)
        command = [sys.executable, "-m", "uvicorn", "app.main:app", "--host", "127.0.0.1", "--port", str(self._port),
                   "--timeout-graceful-shutdown", str(GRACE)]
        # The settings that somebody has made for it reach it; its own modules come first, whatever else is on the path.
        env = {**os.environ, **self._env, "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(self._workspace.path), "PYTHONDONTWRITEBYTECODE": "1"}
        told = await self._ask("start", argv=command, cwd=str(self._workspace.path), env=env, log=str(log))
        self._pid = told.get("pid", 0)
        self.ended.clear()
        self._events = asyncio.create_task(self._listen())

    async def answers(self) -> bool:
        """Waits until it listens; False when it ends instead."""
        while not self.ended.is_set():
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", self._port)
                writer.close()
                return True
            await asyncio.sleep(0.05)
        return False

    async def stop(self) -> None:
        """Ends it: as a deployment would, and what is left then at once."""
        keeper, self._keeper = self._keeper, None
        if keeper is None:
            return
        assert keeper.stdin is not None
        if not self.ended.is_set():
            with contextlib.suppress(OSError):
                keeper.stdin.write(json.dumps({"id": 2, "do": "signal", "pid": self._pid, "number": int(signal.SIGTERM)}).encode() + b"\n")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.ended.wait(), GRACE + 2)
        with contextlib.suppress(OSError):
            keeper.stdin.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(keeper.wait(), PATIENCE)
        if self._events is not None:
            self._events.cancel()
            await asyncio.gather(self._events, return_exceptions=True)

    async def _ask(self, do: str, **what: Any) -> dict[str, Any]:
        assert self._keeper is not None
        assert self._keeper.stdin is not None
        assert self._keeper.stdout is not None
        self._keeper.stdin.write(json.dumps({"id": 1, "do": do, **what}).encode() + b"\n")
        return dict(json.loads(await self._keeper.stdout.readline()))

    async def _listen(self) -> None:
        keeper = self._keeper  # stop() lets go of it, and waits for what it tells after that
        assert keeper is not None
        assert keeper.stdout is not None
        while line := await keeper.stdout.readline():
            told = json.loads(line)
            if told.get("event") == "ended":
                self.status = -told["status"] if told["signaled"] else told["status"]
                self.ended.set()
        self.ended.set()


# -- what it talks to


def _weather(call: Call) -> Answer:
    city = call.details["target"].rpartition("/")[2]
    return Answer(json={"temperature": 12.0 + sum(city.encode()) % 150 / 10, "conditions": ("sunny", "cloudy", "rain")[len(city) % 3]}, delay=DELAY)


def _images(call: Call) -> Answer:
    """The pictures that the kata of F has, by the names of their files."""
    folder = ROOT / "katas/phase1_5_sync_async/images"
    known = {file.stem: file for file in folder.glob("*.png")}
    file = known.get(call.details["target"].rpartition("/")[2])
    if file is None:
        return Answer(404, json={"detail": f"there are {', '.join(sorted(known))}"})
    return Answer(body=file.read_bytes(), headers={"content-type": "image/png"}, delay=DELAY)


def _five(call: Call) -> Answer:
    return Answer(json={"answered_by": call.details["target"].rpartition("/")[2], "load": len(call.details["target"])}, delay=DELAY)


@contextlib.asynccontextmanager
async def _surroundings(folder: Path, say: Callable[[str], None]) -> AsyncIterator[tuple[dict[str, str], list[tuple[str, str]]]]:
    """What the service talks to: the settings that lead there, and what is said of each. What somebody has set is left alone."""
    started = services.Services()
    upstreams: list[Upstream] = []
    env: dict[str, str] = {}
    told: list[tuple[str, str]] = []

    def analytics(call: Call) -> Answer:
        say(f"the analytics service got {call.details['body'].decode(errors='replace')[:200]}")
        return Answer(202, json={"status": "accepted"})

    async def server(name: str, start: Callable[[], Any], what: str) -> None:
        try:
            found = await start()
        except services.NoService as error:
            told.append((name, str(error).partition("\n")[0]))
            return
        env[name] = found.url
        told.append((name, f"{found.url}   {what} ({found.how})"))
        if name == "REDIS_URL":
            import redis.asyncio as driver

            async with driver.Redis.from_url(found.url) as client:
                await client.set(f"{found.prefix}greeting", GREETING)

    async def upstream(name: str, answer: Callable[[Call], Answer], what: str) -> None:
        if os.environ.get(name):
            told.append((name, f"{os.environ[name]}   as you have set it"))
            return
        upstreams.append(await Upstream(name, answer).start())
        env[name] = upstreams[-1].url
        told.append((name, f"{upstreams[-1].url}   {what}"))

    try:
        await server("DATABASE_URL", started.postgres, "table users, user_id 1 to 1000")
        await server("REDIS_URL", started.redis, "key greeting")
        await upstream("WEATHER_URL", _weather, "GET /weather/oslo")
        await upstream("IMAGES_URL", _images, "GET /images/7-1")
        await upstream("ANALYTICS_URL", analytics, "POST /events, shown below")
        await upstream("SERVICES_URL", _five, "GET /service_1 … /service_5")
        if not os.environ.get("CONFIG_PATH"):
            config = folder / "config.csv"
            if not config.exists():
                config.write_text(CONFIG, encoding="utf-8")
            env["CONFIG_PATH"] = str(config)
            told.append(("CONFIG_PATH", f"{config}   yours to edit"))
        yield env, told
    finally:
        for each in upstreams:
            await each.stop()
        await asyncio.to_thread(started.close)


# -- the command


def serve(arguments: argparse.Namespace) -> int:
    """Serves until Ctrl-C."""
    workspace = workspace_of(arguments)
    try:
        port = _free(arguments.port)
    except NoPort as error:
        print(f"dojo: {error}", file=sys.stderr)
        return 2
    return asyncio.run(_serve(workspace, port, arguments.poll))


def _free(port: int) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise NoPort(f"port {port} can't be had ({error.strerror}): give --port another one, or --port 0 for any that is free") from None
        return int(probe.getsockname()[1])


async def _serve(workspace: Workspace, port: int, poll: bool) -> int:
    out = Printer()
    news: asyncio.Queue[tuple[str, int]] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    for number, status in ((signal.SIGINT, 0), (signal.SIGTERM, 143), (signal.SIGHUP, 129)):
        loop.add_signal_handler(number, news.put_nowait, ("end", status))

    def say(text: str) -> None:
        out.print(Text(f"{time.strftime('%H:%M:%S')}  {text}", "cyan"), wide=True)

    folder = workspace.path / FOLDER / "serve"
    folder.mkdir(parents=True, exist_ok=True)
    (folder.parent / ".gitignore").write_text("*\n", encoding="utf-8")
    with tempfile.TemporaryDirectory(prefix="serving-katas-serve-") as temporary:
        log = _show(Path(temporary) / "log", out)
        try:
            say("starting PostgreSQL, Redis and the other services …")
            async with _surroundings(folder, say) as (env, told):
                address = f"http://127.0.0.1:{port}"
                out.print("", f"Your service   {address}", f"  its pages    {address}/docs", "What it talks to, for as long as this runs:", wide=True)
                out.print(*(f"  {name:<13} {what}" for name, what in told), wide=True)
                out.print("Each save starts it anew; Ctrl-C ends it, and all of these.", "", wide=True)
                return await _keep_serving(workspace, Servings(workspace, port, env), Path(temporary) / "log", poll, news, say)
        finally:
            log.cancel()
            await asyncio.gather(log, return_exceptions=True)


async def _keep_serving(workspace: Workspace, service: Servings, log: Path, poll: bool, news: asyncio.Queue[tuple[str, int]],
                        say: Callable[[str], None]) -> int:
    files = Files(workspace, poll)
    seen = files.state()
    following = asyncio.create_task(files.follow(lambda own: None if own else news.put_nowait(("files", 0))))
    coming: asyncio.Task[None] | None = None

    async def come() -> None:
        if said := unreadable(workspace.path):
            say(f"{said}\nThe next save starts it anew.")
            return
        await service.start(log)
        if await service.answers():
            say("it answers")
        await service.ended.wait()
        say(f"it has ended, with status {service.status}; what it said stands above. The next save starts it anew.")

    try:
        coming = asyncio.create_task(come())
        while True:
            kind, status = await news.get()
            if kind == "end":
                return status
            if (state := files.state()) == seen:
                continue
            if seen.keys() - state.keys():  # an editor may put it back
                await asyncio.sleep(BACK_AGAIN)
                state = files.state()
            changed = sorted({name for name, _ in state.items() ^ seen.items()})
            seen = state
            say(f"{', '.join(changed[:3])}{' …' if len(changed) > 3 else ''} changed: starting anew")
            coming.cancel()
            await asyncio.gather(coming, return_exceptions=True)
            await service.stop()
            coming = asyncio.create_task(come())
    finally:
        for task in (following, coming):
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        await service.stop()


def unreadable(root: Path) -> str:
    """Which line of the learner's Python can't be read, and why; empty when all of it can. Uvicorn shows thirty lines of its own for that."""
    for file in sorted((root / "app").rglob("*.py")):
        try:
            with warnings.catch_warnings(action="ignore"):  # the service itself shows them
                compile(file.read_bytes(), str(file), "exec", dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:  # ValueError: a NUL byte; the others: nested too deeply
            name = file.relative_to(root).as_posix()
            if not isinstance(error, SyntaxError):
                return f"{name} can't be read by Python: {error or type(error).__name__}"
            text = f"\n    {error.text.strip()}" if error.text else ""
            return f"{name}:{error.lineno or 1} can't be read by Python: {error.msg}{text}"
        except OSError:  # saved anew at this moment
            continue
    return ""


def _show(log: Path, out: Printer) -> "asyncio.Task[None]":
    """Makes ``log``, a pipe in the file system, and prints what is written to it."""
    os.mkfifo(log, 0o600)
    file = os.open(log, os.O_RDWR | os.O_NONBLOCK)  # so that it has no end while nobody writes

    async def show() -> None:
        loop, ready = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(file, ready.set)
        try:
            while True:
                await ready.wait()
                ready.clear()
                with contextlib.suppress(BlockingIOError):
                    while data := os.read(file, 65536):
                        sys.stdout.write(data.decode(errors="replace"))
                        sys.stdout.flush()
        finally:
            loop.remove_reader(file)
            os.close(file)

    return asyncio.create_task(show())
