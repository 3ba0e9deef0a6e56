"""What a kata holds in its hands: the learner's running service, and the learner's functions.

All that a kata asks of them ends within a patience limit, and everything that can go wrong (the
code can't be imported, ends its process, hangs, raises) comes back as a `Red`, whose text says it
to the learner.
"""

import asyncio
import difflib
import re
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import httpx

from dojo import catalog
from dojo.alone import EMPTY, without_needed
from dojo.evidence import listed, quoted, raised, stands, where
from dojo.launch import Host, HostGone, Launcher, NoAnswer, StarterGone
from dojo.replies import Red as Red
from dojo.replies import client
from dojo.waits import SHORTEST
from dojo.wire import LONGEST_LINE, plain

#: Limits that only end a hang; nothing that works comes near them. In seconds.
START_PATIENCE = 8.0
REQUEST_PATIENCE = 5.0
CALL_PATIENCE = 10.0
#: So much longer a call may take as it was ready to run and had no CPU, in seconds.
LENT = 30.0

#: A service that was told to end waits when its loop was found idle so often in a row.
IDLE_LOOKS = 20
#: Or when it has stood for so many seconds: for a thread without a time limit, or in another call. The latter is longer than a `LEAP`.
STANDS_FOR_A_THREAD, STANDS_ANYWHERE = 0.4, 4.0


ASKED_TO_END = "Your code asked the process to end (sys.exit, exit or quit)"
KEEPS_THE_GIL = "a call keeps Python's global lock (the GIL), so nothing else in the process can run, or the process is stopped"

#: Modules that a learner's misspelled import may mean.
_MODULES = ("asyncio", "time", "httpx", "fastapi", "pydantic", "anyio", "math", "dataclasses", "app")

#: What a kata may ask of a host beside the application and its settings.
OPTIONS = frozenset({"hold_file", "loop", "overlay", "probe", "ws"})

#: What stands around all routes. One that is broken or slow would hide every other answer, and each request would be seen to
#: stand in it: in front of an exercise that isn't about it, a stand-in of the judge's passes everything on.
_PASSES_ON = '''\
class TimingMiddleware:
    def __init__(self, app, *arguments, **options):
        self.app = app

    async def __call__(self, scope, receive, send):
        await self.app(scope, receive, send)
'''
#: The router of health begins to work by itself when the service starts, beside whatever another exercise looks at: as if it were empty.
_STAND_INS = {"app/middleware.py": _PASSES_ON, "app/routers/health.py": EMPTY}


class Inconclusive(Exception):
    """The machine or the platform can't tell; the text says why. It is not a pass."""


def earlier_hole(error: dict[str, Any], exercise: str) -> str:
    """Sends the reader to the earlier exercise whose hole raised ``error``; empty when none did."""
    hole = re.match(r"([A-Z]|\d+\.\d+): ", str(error.get("message", "")))
    if error.get("type") != "NotImplementedError" or not hole or hole[1] == exercise:
        return ""
    place = error["frames"][-1] if error["frames"] else None
    return f"This builds on {hole[1]}, which is still open at {where(place)}. Start there: nox -s hint -- {hole[1]}"


class Run:
    """One judge run: the hosts of one workspace, and what is known of it so far."""

    def __init__(self, launcher: Launcher) -> None:
        self.launcher = launcher
        #: Routers that ended or hung a host while they were imported, and with which error.
        self.quarantine: dict[str, dict[str, Any]] = {}
        #: Starts that hung, by what was started: they are not waited for again.
        self._hung: dict[str, str] = {}

    async def serve(self, application: str, settings: dict[str, Any], *, edit: Sequence[str], exercise: str,
                    workspace: Path | None = None, **options: Any) -> "Service":
        """The service ``application``, started and answering; raises `Red` when that can't be.

        ``options``: ``overlay``, a dict of paths and texts, are files that lie over the workspace's. ``ws``: whether WebSockets are served.
        ``hold_file``: a file whose reading can be held. ``probe``: whether the host watches it (default: yes). ``loop``: uvicorn's name of
        an event loop. ``workspace``: another one than the learner's.
        """
        if unknown := options.keys() - OPTIONS:
            raise TypeError(f"a service has no option {listed(sorted(unknown))}; there are {listed(sorted({*OPTIONS, 'workspace'}))}")
        env = {key.upper(): str(value) for key, value in settings.items()}
        root = self.launcher.root if workspace is None else self.launcher.root_of(workspace)
        if application.startswith("app.") and edit:
            stand_ins = {file: text for file, text in _STAND_INS.items() if file not in edit}
            options["overlay"] = without_needed({**stand_ins, **options.get("overlay", {})}, root, edit)
        while True:
            if application in self._hung:
                raise Red(self._hung[application])
            task = {"do": "serve", "app": application, "root": str(root), "env": env, "quarantine": self.quarantine, **options}
            host = await _start(self.launcher, task)
            try:
                started = await asyncio.wait_for(asyncio.shield(host.started), START_PATIENCE)
            except HostGone:
                told = await _ending(host)
                await host.close()
                if host.importing and host.importing not in self.quarantine:
                    self.quarantine[host.importing] = told
                    continue
                raise Red(f"{_subject(application)} did not start. {_sentence(told)}{_printed(host)}") from None
            except TimeoutError:
                told = await _hang(host, f"It did not finish importing in {START_PATIENCE:g} s, the patience limit")
                await host.close()
                if host.importing and host.importing not in self.quarantine:
                    self.quarantine[host.importing] = told
                    continue
                self._hung[application] = f"{_subject(application)} did not start. {_sentence(told)}"
                raise Red(self._hung[application]) from None
            if started["event"] == "failed" and (router := _router_at_fault(started)) and router not in self.quarantine:
                await host.close()
                self.quarantine[router] = {**started["error"], "stage": started["stage"]}
                continue
            break
        broken = started.get("broken", {})
        if started["event"] == "failed":
            await host.close()
            told = next(iter(broken.values())) if broken and started["stage"] == "import" else started["error"]
            if started["stage"] == "after":
                raise Red(f"{_subject(application)} was imported, and then the server could not start: {raised(told)}\n"
                          "Does your code replace something of asyncio, socket or another module that everybody uses?")
            if started["stage"] == "dojo":
                raise RuntimeError(f"the host failed: {raised(told)}{_printed(host)}")
            doing = "could not be imported" if started["stage"] == "import" else "failed while it started up"
            raise Red(f"{_subject(application)} {doing}.\n{_sentence(told)}{_printed(host)}")
        service = Service(host, started["port"], broken, exercise)
        for module, error in broken.items():
            file = module.replace(".", "/") + ".py"
            if file in edit or not edit:
                await service.close()
                what = "failed while the service started up" if error.get("stage") == "startup" else "could not be imported"
                raise Red(f"{file} {what}; the rest of the service runs without it.\n{_sentence(error)}{_printed(host)}")
        return service

    async def functions(self, exercise: str, settings: dict[str, Any] | None = None, workspace: Path | None = None) -> "Functions":
        """The workspace's functions, in a host of their own."""
        env = {key.upper(): str(value) for key, value in (settings or {}).items()}
        root = self.launcher.root if workspace is None else self.launcher.root_of(workspace)
        return Functions(self.launcher, {"do": "work", "root": str(root), "env": env}, exercise)


class Service:
    """A running service, on ``url``."""

    def __init__(self, host: Host, port: int, broken: dict[str, Any], exercise: str) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.host = host
        self.broken = broken
        self._exercise = exercise
        self._leapt = False
        # httpx's own limits of connections would change what is seen. Each request has a connection of
        # its own: the server may close a kept one after an answer that was good, for its time limit or
        # for a clean-up that failed, and the next request would look like a failure.
        self.client = client(httpx.Limits(max_connections=None, max_keepalive_connections=0), base_url=self.url)

    async def get(self, path: str, **options: Any) -> httpx.Response:
        """The answer to GET ``path``."""
        return await self.request("GET", path, **options)

    async def post(self, path: str, **options: Any) -> httpx.Response:
        """The answer to POST ``path``; ``json=`` or ``content=`` is its body."""
        return await self.request("POST", path, **options)

    async def request(self, method: str, path: str, patience: float = REQUEST_PATIENCE, **options: Any) -> httpx.Response:
        """The answer to one request; raises `Red` when there is none within ``patience`` seconds."""
        try:
            return await self.client.request(method, path, timeout=patience, **options)
        except httpx.TimeoutException:
            told = await _hang(self.host, f"got no answer in {patience:g} s, the patience limit")
            raise Red(f"{method} {path} {_sentence(told)}") from None
        except httpx.HTTPError as error:
            await asyncio.sleep(0.1)  # the news of a death may come a moment after the connection breaks
            if self.host.gone:
                raise Red(f"{method} {path} got no answer. {_sentence(await _ending(self.host))}{_printed(self.host)}") from None
            cause = (await self._ask("error", path=path)).get("value")
            raise Red(f"{method} {path} got no valid answer: {error}" + (f"\n{raised(cause)}" if cause else _printed(self.host))) from None

    async def expect(self, status: int, answer: httpx.Response, why: str = "") -> None:
        """Raises `Red` with the cause when ``answer`` has another status; ``why`` it matters comes last."""
        if answer.status_code == status:
            return
        request = answer.request
        line = f"{request.method} {request.url.path} answered {answer.status_code}, expected {status}."
        error = None
        if answer.status_code == 500:
            error = (await self._ask("error", path=request.url.path)).get("value")
        if error:
            if earlier := earlier_hole(error, self._exercise):
                raise Red(f"{line}\n{earlier}")
            raise Red(f"{line}\n{raised(error)}\n\n{why.strip()}")
        raise Red(f"{line}\nIts body was: {answer.text[:300]}\n\n{why.strip()}")

    async def answers(self, path: str, patience: float) -> bool:
        """Whether GET ``path`` is answered at all within ``patience`` seconds."""
        try:
            await self.client.get(path, timeout=patience)
        except httpx.HTTPError:
            return False
        return True

    async def waits(self) -> list[dict[str, Any]]:
        """The sleeps that requests have made so far: ``seconds``, ``frame`` (where) and ``what`` of each."""
        return list((await self.report()).get("arrivals", ()))

    async def close_gate(self, arm: bool = True, shortest: float = SHORTEST, skip: bool = False) -> None:
        """From now on sleeps of requests that take ``shortest`` seconds or more are held; ``arm`` the call clock or not.

        ``skip``: time is logical, so a sleep is over as soon as it is let go.
        """
        await self._ask("close", arm=arm, shortest=shortest, skip=skip)

    async def watch(self, arm: bool = True) -> None:
        """Looks at the event loop from now on, while a gate of the judge's holds what the service asks of others.

        ``arm`` the call clock or not: it makes the service several times slower.
        """
        await self._ask("watch", arm=arm)

    async def pulse(self) -> dict[str, Any]:
        """How many requests have ``started``, are ``done``, whether the loop is ``alive``, and whether it is ``stuck``."""
        return dict((await self._ask("pulse")).get("value") or {})

    async def open_gate(self) -> None:
        """Lets all that is held go, and holds nobody any more."""
        await self._ask("open")

    async def release(self) -> int:
        """One round: those that stand at the gate go on; how many they were."""
        return int((await self._ask("release")).get("value", 0))

    async def gather(self, expected: int, patience: float = 12.0, strangers: bool = False) -> dict[str, Any]:
        """The host's record once ``expected`` requests are held or answered, or nobody new comes.

        ``strangers``: the requests are not the judge's own, so it can't be known how many will be sent.
        """
        message = {"expected": expected, "limit": patience, "strangers": strangers}
        return dict((await self._ask("gather", patience + 5, **message)).get("value") or {})

    async def report(self) -> dict[str, Any]:
        """The host's record since the gate was closed."""
        return dict((await self._ask("report")).get("value") or {})

    async def _ask(self, do: str, within: float = REQUEST_PATIENCE, **message: Any) -> dict[str, Any]:
        try:
            return await self.host.ask(do, within, **message)
        except HostGone:
            raise Red(f"The service ended. {_sentence(await _ending(self.host))}{_printed(self.host)}") from None
        except NoAnswer:
            raise Red("The whole process stands still: some call keeps Python's global lock (the GIL) and never returns."
                      f"{_printed(self.host)}") from None

    async def stop(self, patience: float = REQUEST_PATIENCE, workers: Iterable[int] = ()) -> bool:
        """Asks the service to stop gracefully; whether its process had ended by itself after ``patience`` seconds.

        What it has accepted it may finish; its lifespan ends; its threads are waited for. Which of
        the processes ``workers`` ran on when its lifespan had ended stands in `left_behind` afterwards.
        """
        await self._ask("stop", workers=list(workers))
        return await self.host.ends(patience)

    @property
    def left_behind(self) -> list[int]:
        """The ``workers`` that `stop` was asked about and that the service left running."""
        return list(self.host.ended.get("left", ()))

    async def sigterm(self) -> None:
        """Sends the service a SIGTERM; it may be gone before it has said that it got it."""
        try:
            await self._ask("terminate")
        except Red:
            if not self.host.gone:
                raise

    async def terminate(self) -> bool:
        """Sends the service a SIGTERM; whether it is seen to wait for something before it ends. False: it has ended.

        What is not done when its lifespan has ended it leaves undone. It may be waiting for what a gate of the judge's holds.
        """
        await self.sigterm()
        return await self.lingers()

    async def lingers(self, patience: float = 12.0) -> bool:
        """Whether the service, which has been told to end, still waits for something; False once it has ended.

        It waits when its loop has had nothing to do many times in a row, also after its clock was put forward.
        """
        began = answered = time.perf_counter()
        stage, looks = "", 0
        while time.perf_counter() - began < patience:
            try:
                seen = (await self.host.ask("stopping", REQUEST_PATIENCE)).get("value") or {}
                if not seen["waits"] or seen["stage"] != stage or not seen["stands"]:
                    answered = time.perf_counter()
                looks = looks + 1 if seen["idle"] and seen["waits"] and seen["stage"] == stage else 0
                stage = seen["stage"]
                # A loop that gives no answer stands itself and waits, such as for a thread that works off a queue.
                if time.perf_counter() - answered > (STANDS_FOR_A_THREAD if seen["for_long"] else STANDS_ANYWHERE):
                    return True
                if looks >= IDLE_LOOKS:
                    if self._leapt or stage != "lifespan":
                        return True
                    await self.host.ask("leap", REQUEST_PATIENCE)
                    self._leapt, looks = True, 0
            except (HostGone, NoAnswer):
                return not self.host.gone
            await asyncio.sleep(0.003)
        return True

    async def standing(self) -> list[dict[str, Any]]:
        """The places of the learner's at which tasks and threads stand now, whether a request waits for them or not."""
        return list((await self._ask("standing")).get("value") or ())

    async def logged(self) -> list[dict[str, Any]]:
        """What the learner's code has logged at WARNING or above: ``level``, ``logger``, ``message`` and ``place`` of each."""
        return list((await self._ask("logged")).get("value") or ())

    async def stands(self) -> str:
        """Where the main thread of a service stands that does not end."""
        return _sentence(await _hang(self.host, "Its process is still there"))

    async def close(self) -> None:
        """Ends the service and all that it started."""
        await self.client.aclose()
        await self.host.close()


class Functions:
    """The learner's functions, called in a host with plain data and given back as plain data."""

    def __init__(self, launcher: Launcher, task: dict[str, Any], exercise: str) -> None:
        self._launcher = launcher
        self._task = task
        self._exercise = exercise
        self._host: Host | None = None

    async def value(self, name: str) -> Any:
        """The value of a name of a module (``"module:NAME"``) as plain data."""
        return await self._ask(name, None, CALL_PATIENCE)

    async def call(self, function: str, *arguments: Any, patience: float = CALL_PATIENCE) -> Any:
        """What ``function`` (``"module:name"``) returns; a coroutine function is awaited.

        ``"path/to/file.py:name"`` is a driver of the judge's, which calls the learner's functions from
        within: for many calls in one, or several at once.
        Raises `Red` when it raises, ends its process or doesn't return within ``patience`` seconds.
        """
        return await self._ask(function, plain(arguments), patience)

    async def standing(self) -> list[dict[str, Any]]:
        """Where the call that runs now stands: places of the learner's, with how many tasks stand there."""
        if self._host is None:
            return []
        try:
            at = (await self._host.ask("where", 2.0)).get("value") or {}
        except (HostGone, NoAnswer):
            return []
        return [{**at["place"], "count": 1}] if at.get("place") else list(at.get("standing", ()))

    async def _ask(self, function: str, arguments: Any, patience: float) -> Any:
        module, _, name = function.rpartition(":")
        # A name's value is asked for, and that is as far as its module's import comes.
        called = arguments is not None
        told_of, not_done, failed = ((f"{name}()", "did not return", "raised an exception") if called else
                                     (module.replace(".", "/") + ".py", "was not imported", "could not be imported"))
        if self._host is not None and self._host.gone:
            await self._host.close()
            self._host = None
        if self._host is None:
            self._host = await _start(self._launcher, self._task)
        host = self._host
        try:
            await asyncio.wait_for(asyncio.shield(host.started), START_PATIENCE)
            reply = await host.ask("call", patience, lend=LENT if patience <= LENT else 0.0, function=function, args=arguments)
        except HostGone:
            raise Red(f"{told_of} {not_done}. {_sentence(await _ending(host))}{_printed(host)}") from None
        except (NoAnswer, TimeoutError) as late:
            told = await _hang(host, f"{not_done} in {patience:g} s, the patience limit")
            await host.close()
            if getattr(late, "lent", 0.0) >= LENT:
                raise Inconclusive(f"{told_of} {not_done} in {patience + LENT:g} s, of which it had no CPU for {LENT:g} s or more: "
                                   "the machine is too busy") from None
            raise Red(f"{told_of} {_sentence(told)}") from None
        if "error" in reply:
            error = reply["error"]
            if error["type"] == "SystemExit":
                error = {**error, "message": ASKED_TO_END}
            raise Red(f"{told_of} {failed}.\n{earlier_hole(error, self._exercise) or raised(error) + _cure(error)}")
        if reply.get("too_long"):
            raise Red(f"{told_of} returned more than {LONGEST_LINE >> 20} MB, which nobody can look at.")
        return reply["value"]

    async def close(self) -> None:
        """Ends the host."""
        if self._host is not None:
            await self._host.close()


async def _start(launcher: Launcher, task: dict[str, Any]) -> Host:
    try:
        return await launcher.start(task)
    except StarterGone:
        raise Red("Your code killed its parent, the process from which the dojo starts services. Look for os.kill, "
                  "os.killpg or another way to send a signal to a process that your code has not started.") from None


def _router_at_fault(started: dict[str, Any]) -> str:
    """The module of the router whose part of the start-up failed; empty when it wasn't a router's."""
    frames = started["error"]["frames"] if started["stage"] == "startup" else []
    file = frames[-1]["file"] if frames else ""
    return file.removesuffix(".py").replace("/", ".") if file.startswith("app/routers/") else ""


async def _ending(host: Host) -> dict[str, Any]:
    """How a host ended, in the shape of an exception."""
    for _ in range(20):  # the fork server's word comes a moment after the line breaks
        if "status" in host.ended:
            break
        await asyncio.sleep(0.05)
    how, place = host.ended.get("how"), host.ended.get("place")
    if how:
        message = f"Your code ended the whole process with {how}"
    elif host.ended.get("signaled"):
        message = f"The process was killed by signal {host.ended.get('status')}"
    else:
        message = f"Your code ended the whole process with status {host.ended.get('status', 'unknown')}"
    return {"type": "", "message": message, "frames": [place] if place else []}


async def _hang(host: Host, what: str) -> dict[str, Any]:
    """Where a host hangs, in the shape of an exception; ``what`` says what it did not do."""
    try:
        at = (await host.ask("where", 2.0)).get("value") or {}
    except (HostGone, NoAnswer):
        return {"type": "", "frames": [], "message": f"{what}: {KEEPS_THE_GIL}"}
    place = at.get("place")
    if place is None and at.get("standing"):
        place = at["standing"][0]
    return {"type": "", "message": what, "frames": [], "told": f"{what}. {stands(place, bool(at.get('computing')))}"}


def _sentence(error: dict[str, Any]) -> str:
    if "told" in error:
        return str(error["told"])
    if not error.get("type"):
        place = error["frames"][-1] if error["frames"] else None
        return f"{error['message']}" + (f" at {where(place)}:{quoted(place)}" if place else ".")
    if error["type"] == "SystemExit":
        place = error["frames"][-1] if error["frames"] else None
        return ASKED_TO_END + (f" at {where(place)}:{quoted(place)}" if place else ".")
    return raised(error) + _cure(error)


def _cure(error: dict[str, Any]) -> str:
    """What to do about an import that found nothing, or a file that isn't UTF-8; empty for any other error."""
    if error["type"] == "SyntaxError" and re.search(r"'utf-8' codec can't decode|Non-UTF-8 code", error["message"]):
        return "\nPython reads a source file as UTF-8: save it in that encoding."
    missing = re.match(r"No module named '([\w.]+)'", error["message"])
    hidden = re.match(r"cannot import name '(\w+)' from '(app[\w.]*)'", error["message"])
    name = missing[1] if missing else f"{hidden[2]}.{hidden[1]}" if hidden else ""
    file = name.replace(".", "/") + ".py"
    if name and (owner := next((each for each in catalog.exercises() if file in each.edit), None)):
        return f"\n{file} isn't there: restore it with `git checkout {file}`, or the shipped one with nox -s reset -- {owner.id}."
    if error["type"] != "ModuleNotFoundError" or not missing:
        return ""
    close = difflib.get_close_matches(name, _MODULES, n=1)
    return f"\nIs it `{close[0]}` that you mean?" if close else "\nIs the name right? If it is a package of yours, it isn't installed here."


def _subject(application: str) -> str:
    where_, _, name = application.rpartition(":")
    return "app/main.py" if where_ == "app.main" else f"The service {Path(where_).stem}:{name}"


def _printed(host: Host) -> str:
    """The end of what the code printed, when that may help."""
    lines = [line for line in host.output().splitlines() if line.strip()]
    if not lines:
        return ""
    return "\nThe last that it printed:\n" + "\n".join(f"    {''.join(c for c in line if c.isprintable())[:70]}" for line in lines[-3:])
