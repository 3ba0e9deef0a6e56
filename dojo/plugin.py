"""The pytest plugin: ``--workspace``, the fixtures, the exercise marker, and verdicts instead of traces."""

import contextlib
import gc
import importlib.util
import inspect
import io
import os
import sys
import time
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from _pytest._io import TerminalWriter
from _pytest.assertion import util as assertions

from dojo import catalog, jail, lanes, results, services, terminal, witness
from dojo.chance import VARIABLE, Chance
from dojo.handed import Meeting
from dojo.launch import FORK, Launcher, Preloaded, no_room
from dojo.load import Load
from dojo.progress import Notebook
from dojo.protocols import PostgreSQL, Protocol, Redis
from dojo.relay import Relay
from dojo.results import Collector, exercise_of
from dojo.services import Services
from dojo.subject import Functions, Inconclusive, Red, Run, Service
from dojo.upstreams import Upstream
from dojo.workspace import ROOT, SOLUTIONS, NotAWorkspace, Workspace

# httpx tries to import it at each request. Where it isn't installed the search fails each time, which is a sixth of what a
# judge computes; this says it once.
if importlib.util.find_spec("sniffio") is None:
    sys.modules.setdefault("sniffio", None)  # type: ignore[arg-type]

WORKSPACE: pytest.StashKey[Workspace] = pytest.StashKey()
RUN: pytest.StashKey[Run] = pytest.StashKey()
PRELOADED: pytest.StashKey[Preloaded] = pytest.StashKey()
SERVICES: pytest.StashKey[Services] = pytest.StashKey()
RED: pytest.StashKey[set[str]] = pytest.StashKey()
RESULTS: pytest.StashKey[Collector] = pytest.StashKey()
CHANCE: pytest.StashKey[Chance] = pytest.StashKey()
BEGAN: pytest.StashKey[float] = pytest.StashKey()

ServiceStarter = Callable[..., Awaitable[Service]]

#: Tests beside the katas' own: seen from outside alone, with inputs that the judge draws.
EXAM = ROOT / "katas" / "exam"


def pytest_addoption(parser: pytest.Parser) -> None:
    """The dojo's options."""
    group = parser.getgroup("serving katas")
    group.addoption("--workspace", default=".", metavar="PATH",
                    help="the tree to judge: one that holds app/ (default: this repository's root)")
    group.addoption("--quick", action="store_true", help="leave out what needs a live load; an exercise that has more is judged in part")
    group.addoption("--history", action="store_true", help="note the run in the folder .dojo of the workspace, as is always done for the root")
    group.addoption("--all", action="store_true", help="show the details of every red exercise, not only of the first")
    group.addoption("--exam", action="store_true", help="add the tests of katas/exam to the exercises that are judged: what only grading needs")
    group.addoption("--lanes", type=int, metavar="N",
                    help="judge up to N exercises side by side where that changes nothing (default: one for each CPU; 1: one after the other)")
    group.addoption("--results", metavar="FILE", help="write what each exercise came to, as JSON")
    group.addoption("--seed", type=int, metavar="N", help="draw from this seed all that the katas choose at random: a run can be repeated")


def pytest_configure(config: pytest.Config) -> None:
    """Finds the workspace, and takes over the terminal when only katas are run."""
    config.addinivalue_line("markers", "exercise(id, edit=…): the exercise that a kata file specifies, and the files that it asks to edit")
    config.addinivalue_line("markers", "live: puts a live load on a service, which takes seconds; --quick leaves it out")
    jail.hide_the_judge()
    config.stash[RED] = set()
    config.stash[BEGAN] = time.perf_counter()
    if not terminal.only_katas(config):
        return
    if (asked := config.getoption("lanes")) is not None and asked < 1:
        raise pytest.UsageError(f"--lanes takes a number from 1 on, not {asked}")
    given = str(config.getoption("workspace"))
    try:
        workspace = Workspace.at(ROOT if given == "." else given)
        catalog.exercises()
    except (NotAWorkspace, catalog.CatalogError) as error:
        raise pytest.UsageError(str(error)) from None
    config.stash[WORKSPACE] = workspace
    if jail.current() is not None and os.environ.get(VARIABLE):
        config.option.seed = int(os.environ[VARIABLE])
    if (seed := config.getoption("seed")) is not None:
        config.stash[CHANCE] = Chance(seed)
    config.stash[RESULTS] = Collector()
    config.pluginmanager.register(config.stash[RESULTS], "dojo-results")
    if not config.getoption("collectonly"):
        # Started now, so that it imports the libraries while pytest collects.
        shared = _shared(config, "dojo-fork-server")
        try:
            if FORK and shared is None and jail.current() is None and lanes.count(config.getoption("lanes")) > 1:
                config.stash[PRELOADED] = Preloaded()
            config.stash[RUN] = Run(Launcher(workspace, shared, config.stash.get(PRELOADED, None)))
        except OSError as error:
            if told := no_room(error):
                raise pytest.UsageError(told) from None
            raise
    _keep_hypothesis_out_of_the_workspace()
    if not config.option.basetemp and RUN in config.stash:
        # pytest's own place is shared by all runs of a user, each of which clears up behind the others; what one of them can't
        # remove, because somebody still writes there, would fail a run that has to do with neither. This one is removed with the
        # hosts' own files, also when the judge is killed.
        config.option.basetemp = config.stash[RUN].launcher.temporary
    # A verdict must not depend on when the judge's garbage is collected.
    config.addinivalue_line("filterwarnings", "ignore::pytest.PytestUnraisableExceptionWarning")
    warnings.filterwarnings("ignore", category=pytest.PytestUnraisableExceptionWarning)  # between and behind the tests


def _keep_hypothesis_out_of_the_workspace() -> None:
    """Lets hypothesis keep its tables of characters in the user's cache folder, or nowhere."""
    # Imported here and not above: it takes a while, in which the fork server that was started before imports the libraries.
    from hypothesis.configuration import set_hypothesis_home_dir

    set_hypothesis_home_dir(services.cache_folder() / "hypothesis")


def _shared(config: pytest.Config, name: str) -> Any:
    """What several judge runs in one process have in common, brought along as ``thing`` of a plugin; None in a run of its own."""
    return getattr(config.pluginmanager.get_plugin(name), "thing", None)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leaves the exam to grading."""
    return True if collection_path == EXAM and not config.getoption("exam") else None


@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Lets the exercise reporter speak instead of pytest's."""
    config = session.config
    standard = config.pluginmanager.get_plugin("terminalreporter")
    if RUN not in config.stash or standard is None:
        return
    if config.getoption("results") and results.is_open(Path(str(config.getoption("results")))):
        config.stash[RESULTS].listeners.append(lambda _: write_results(config, "The judge ended before it had judged all."))
    if jail.current() is not None:  # hosts see this folder, and have to find it when they start
        config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]
    reporter = terminal.ExerciseReporter(standard._tw, config.stash[WORKSPACE].name, bool(config.getoption("all")), config.stash[RESULTS])
    # It stays, for plugins that ask it things, but what it writes goes nowhere.
    standard._tw = TerminalWriter(io.StringIO())
    config.pluginmanager.register(reporter, "exercise-reporter")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Notes the results in the history, and writes them as data."""
    config = session.config
    if RESULTS not in config.stash:
        return
    _note(config)
    if not config.getoption("results"):
        return
    trouble = {pytest.ExitCode.INTERRUPTED: "The run was interrupted.", pytest.ExitCode.INTERNAL_ERROR: "The dojo itself failed.",
               pytest.ExitCode.USAGE_ERROR: "The judge was called in a wrong way."}.get(pytest.ExitCode(exitstatus), "")
    write_results(config, trouble)


def write_results(config: pytest.Config, trouble: str = "") -> None:
    """Writes what is known so far to where ``--results`` says."""
    file = str(config.getoption("results"))
    chosen = [path.resolve() for path in (config.invocation_params.dir / arg.partition("::")[0] for arg in config.args)]
    asked = [e for e in catalog.exercises() if any(path == ROOT / e.kata or path in (ROOT / e.kata).parents for path in chosen)]
    seconds = time.perf_counter() - config.stash[BEGAN]
    data = results.record(config.stash[RESULTS], asked, seed=config.getoption("seed"), seconds=seconds, trouble=trouble)
    results.write({**data, "complete": not trouble}, config.invocation_params.dir / Path(file))


def _note(config: pytest.Config) -> None:
    """Notes in the workspace's history what the run came to, as far as it came."""
    if jail.current() is not None or not (config.getoption("history") or config.stash[WORKSPACE].path == ROOT):
        return
    collected = config.stash[RESULTS]
    done = [result for exercise_id, result in collected.results.items() if exercise_id in collected.judged]
    with contextlib.suppress(OSError):  # a checkout that can't be written to is judged all the same
        Notebook(config.stash[WORKSPACE]).record(done, quick=bool(config.getoption("quick")))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Lets the collector leave alone what is imported and collected: pytest calls it twice at its end, with the learner waiting."""
    if RUN in session.config.stash:
        gc.freeze()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Ends every host and the process that started them, and removes what the run wrote."""
    _close(config)
    if PRELOADED in config.stash:
        config.stash[PRELOADED].close()


def _close(config: pytest.Config) -> None:
    """Ends the hosts and servers of a run."""
    if RUN in config.stash:
        config.stash[RUN].launcher.close()
    if SERVICES in config.stash:
        config.stash[SERVICES].close()


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """Judges exercises side by side, if that can be."""
    config = session.config
    if PRELOADED not in config.stash or session.testsfailed or config.option.usepdb or config.option.trace:
        return None

    def start() -> Launcher:
        # From the judge's own snapshot: all of a run is about one state of the workspace.
        return Launcher(Workspace.at(config.stash[RUN].launcher.root), preloaded=config.stash[PRELOADED])

    def become(launcher: Launcher) -> Callable[[], None]:
        config.stash[RUN].launcher.leave()
        config.stash[RUN] = Run(launcher)
        config.stash[RESULTS].listeners.clear()  # the judge tells what came of an exercise
        return lambda: _close(config)

    return lanes.judge(session, lanes.count(config.getoption("lanes")), start, become) or None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Katas run in the order of the exercises, whatever the order of their files; the exam of each comes after its kata."""
    order = {exercise.id: index for index, exercise in enumerate(catalog.exercises())} if any(exercise_of(i) for i in items) else {}
    in_exam = {item for item in items if EXAM in item.path.parents}
    judged = {exercise_of(item) for item in items if item not in in_exam}
    items[:] = [item for item in items if item not in in_exam or exercise_of(item) in judged]
    items.sort(key=lambda item: (order.get(exercise_of(item), -1), item in in_exam))
    for item in items:
        function: Any = getattr(item, "function", None)
        if CHANCE in item.config.stash and hasattr(function, "hypothesis"):
            import hypothesis

            hypothesis.seed(item.config.stash[CHANCE].seed)(function)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """One red test settles an exercise: what builds on it is not run, and the learner waits less."""
    if exercise_of(item):
        # Katas say in their own words what differs. Where CI is set, or with -v, pytest looks for all differences of what an assert
        # compares: with two bodies of some hundred kilobytes for minutes, and all of it is cut off again. pytest undoes this itself.
        assertions._reprcompare = None
    if exercise_of(item) in item.config.stash[RED]:
        pytest.skip("this exercise is red already")
    if item.config.getoption("quick") and item.get_closest_marker("live"):
        pytest.skip("--quick leaves it out")
    if CHANCE in item.config.stash:
        item.config.stash[CHANCE].begin(item.nodeid)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turns what a kata raised into a verdict that says what was seen."""
    report = yield
    exercise = exercise_of(item)
    if not exercise:
        return report
    extra: dict[str, Any] = report.__dict__
    extra["exercise"] = exercise
    # What is left out behind a red test is settled; what --quick leaves out isn't.
    extra["left_out"] = report.skipped and exercise not in item.config.stash[RED]
    if call.when == "teardown":
        extra["notes"] = [str(value) for name, value in item.user_properties if name == "note"]
        extra["seen"] = witness.take()
    if call.excinfo is None or call.excinfo.errisinstance(pytest.skip.Exception):
        return report
    item.config.stash[RED].add(exercise)
    verdict = _verdict(item, call.excinfo)
    if verdict is not None:
        extra["verdict"] = verdict
        report.longrepr = verdict["message"]
    return report


def _verdict(item: pytest.Item, info: pytest.ExceptionInfo[BaseException]) -> dict[str, str] | None:
    """The verdict for what a kata raised; None when the dojo itself is at fault."""
    error = _innermost(info.value)
    expected = (inspect.getdoc(getattr(item, "function", None)) or "").partition("\n\n")[0].replace("\n", " ")
    if isinstance(error, Inconclusive):
        return {"state": "unclear", "message": f"Inconclusive: {error}", "expected": expected}
    if told := no_room(error):
        if much := jail.filled():  # else who fills the disk could have it said that nobody knows
            return {"state": "red", "message": f"Your code has written {much}, until there was no room left for those of its judging.",
                    "expected": expected}
        return {"state": "unclear", "message": f"Inconclusive: {told}", "expected": expected}
    if isinstance(error, AssertionError):
        message = str(error) if isinstance(error, Red) else _without_comparison(str(error))
        return {"state": "red", "message": message, "expected": expected}
    if isinstance(error, RecursionError):  # no kata goes so deep; what parses an answer does, when that is made for it
        return {"state": "red", "message": "What your code answered is nested more deeply than can be read: Python's own limit is about a thousand "
                "levels (RecursionError).", "expected": expected}
    if "Timeout" in type(error).__name__ and type(error).__module__.startswith(("_pytest", "pytest_timeout")):
        return {"state": "red", "message": f"It did not end within the patience limit of the whole test. {error}", "expected": expected}
    return None


def _without_comparison(text: str) -> str:
    """An assert's own message: pytest indents it and adds the values of the compared expressions."""
    first, *rest = text.partition("\nassert ")[0].split("\n")
    return "\n".join([first, *(line.removeprefix("  ") for line in rest)])


def _innermost(error: BaseException) -> BaseException:
    """The first exception of a group, and of the groups in it."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _edit(request: pytest.FixtureRequest) -> tuple[str, ...]:
    mark = request.node.get_closest_marker("exercise")
    edit = mark.kwargs.get("edit", ()) if mark else ()
    return (edit,) if isinstance(edit, str) else tuple(edit)


@pytest.fixture
def note(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Adds a line that is shown under the exercise, whether it is red or green."""
    return lambda text: record_property("note", text)


@pytest_asyncio.fixture(loop_scope="session")
async def service(request: pytest.FixtureRequest) -> AsyncIterator[ServiceStarter]:
    """Starts the learner's service: ``api = await service(inference_seconds=0.2)``.

    The keyword arguments are the service's settings. ``app`` is another application to serve
    instead: ``"module:name"`` or ``"path/to/file.py:name"``. ``options`` are those of `Run.serve`.
    """
    async for start in _starter(request):
        yield start


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def lasting_service(request: pytest.FixtureRequest) -> AsyncIterator[ServiceStarter]:
    """As ``service``, for services that all tests of a kata may share: they end with its last test."""
    async for start in _starter(request):
        yield start


async def _starter(request: pytest.FixtureRequest) -> AsyncIterator[ServiceStarter]:
    run = request.config.stash[RUN]
    started: list[Service] = []

    async def start(app: str = "app.main:app", *, options: dict[str, Any] | None = None, **settings: Any) -> Service:
        api = await run.serve(app, settings, edit=_edit(request), exercise=exercise_of(request.node), **(options or {}))
        started.append(api)
        return api

    yield start
    for api in started:
        await api.close()


@pytest_asyncio.fixture(loop_scope="session")
async def learner(request: pytest.FixtureRequest) -> AsyncIterator[Functions]:
    """The learner's functions: ``await learner.call("app.metrics:percentile", samples, 95)``."""
    functions = await request.config.stash[RUN].functions(exercise_of(request.node))
    yield functions
    await functions.close()


@dataclass(frozen=True)
class Server:
    """A real server behind a gate: ``url`` leads through the gate, ``direct`` past it.

    ``prefix`` begins the names of all keys in a Redis that is the user's own.
    """

    gate: Relay
    url: str
    direct: str
    prefix: str = ""


def _services(request: pytest.FixtureRequest) -> Services:
    shared: Services | None = _shared(request.config, "dojo-services")
    if shared is not None:
        return shared
    stash = request.config.stash
    if SERVICES not in stash:
        stash[SERVICES] = Services()
    return stash[SERVICES]


async def _behind_a_gate(name: str, start: Callable[[], Awaitable[services.Server]], protocol: Callable[[], Protocol]) -> Server:
    try:
        server = await start()
    except services.NoService as error:
        raise Inconclusive(str(error)) from None
    gate = await Relay(name, server.host, server.port, protocol).start()
    return Server(gate, server.at("127.0.0.1", gate.port), server.url, server.prefix)


@pytest_asyncio.fixture(loop_scope="session")
async def database(request: pytest.FixtureRequest) -> AsyncIterator[Server]:
    """A real PostgreSQL with the table ``users`` (`dojo.seed`), behind a gate that holds the answers to queries."""
    server = await _behind_a_gate("the database", _services(request).postgres, PostgreSQL)
    yield server
    await server.gate.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def cache(request: pytest.FixtureRequest) -> AsyncIterator[Server]:
    """A real Redis behind a gate that holds the answers to commands."""
    server = await _behind_a_gate("the cache", _services(request).redis, Redis)
    yield server
    await server.gate.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def upstream() -> AsyncIterator[Callable[..., Awaitable[Upstream]]]:
    """Starts an HTTP service: ``weather = await upstream("the weather service", answer)`` (see `Upstream`)."""
    started: list[Upstream] = []

    async def start(*arguments: Any) -> Upstream:
        started.append(await Upstream(*arguments).start())
        return started[-1]

    yield start
    for each in started:
        await each.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def meeting() -> AsyncIterator[Meeting]:
    """The gate at which stand-ins of given functions wait (``handed.py``)."""
    gate = await Meeting().start()
    yield gate
    await gate.stop()


@pytest.fixture(scope="module")
def load(request: pytest.FixtureRequest) -> Load:
    """Locust on the learner's ``locustfile.py`` (`Load`)."""
    return Load(request.config.stash[RUN].launcher.root)


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def reference(request: pytest.FixtureRequest) -> AsyncIterator[Functions]:
    """The functions of ``solutions/``, for what is given complete and must not be changed."""
    functions = await request.config.stash[RUN].functions(exercise_of(request.node), workspace=SOLUTIONS)
    yield functions
    await functions.close()
