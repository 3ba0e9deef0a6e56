"""A learner's code that misbehaves: it ends in a red line that names the cause, and nothing of it is left behind."""

import contextlib
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from dojo import catalog
from dojo.workspace import ROOT, SOLUTIONS

PREDICT, EXPERIMENT, MAIN, SCHEMAS = "app/routers/predict.py", "app/experiment.py", "app/main.py", "app/schemas.py"

#: Cases wait for one another, three at a time.
pytestmark = pytest.mark.timeout(400)
#: Far more than any run takes; a run that is longer hangs. In seconds.
PATIENCE = 150.0
#: For what has been killed to be gone. In seconds.
GONE = 10.0


def source(file: str) -> str:
    """A file of solutions/."""
    return (SOLUTIONS / file).read_text(encoding="utf-8")


def replaced(file: str, old: str, new: str) -> str:
    """A file of solutions/ with its only ``old`` replaced."""
    text = source(file)
    assert 1 == text.count(old), f"{file}: {old!r} stands there {text.count(old)} times"
    return text.replace(old, new)


def in_the_endpoint(statement: str, imports: str = "") -> str:
    """predict.py with a statement in the place of its wait; the statement is on line 22, and later with ``imports``."""
    wait = "await asyncio.sleep(settings.inference_seconds)"
    return replaced(PREDICT, wait, statement).replace("import asyncio\n", f"import asyncio\n{imports}", 1)


def line_of(text: str, part: str) -> int:
    """The number of the first line that holds ``part``."""
    return next(number for number, line in enumerate(text.splitlines(), 1) if part in line)


def at(file: str, text: str, part: str) -> str:
    """How messages name the line of ``text``, the content of ``file``, that holds ``part``."""
    return f"{file}:{line_of(text, part)}"


# -- running


@dataclass(frozen=True)
class Case:
    """Exercises to judge, and what is laid over solutions/ for it; None in the place of a text deletes a file.

    ``stop``: which of `STOPS` ends the run in its middle. ``hangs``: it uses up a patience limit.
    """

    exercises: tuple[str, ...]
    files: dict[str, str | None] = field(default_factory=dict, hash=False)
    options: tuple[str, ...] = ("--all",)
    environment: dict[str, str] = field(default_factory=dict, hash=False)
    stop: str = ""
    hangs: bool = False


@dataclass
class Judged:
    """What came of a run."""

    shown: str
    status: int
    seconds: float
    left: list[str]
    folders: list[str]
    before: dict[str, tuple[float, str]]
    after: dict[str, tuple[float, str]]

    def line(self, exercise: str) -> str:
        """The line of an exercise."""
        return next((line for line in self.shown.splitlines() if line[2:].startswith(f"{exercise} ")), "")

    def check(self, **signs: str) -> None:
        """Checks the sign of each exercise: ``check(_1_1="✓", _1_3="✗")``."""
        for exercise, sign in ((name.strip("_").replace("_", "."), sign) for name, sign in signs.items()):
            assert sign == self.line(exercise)[:1], self.shown
        assert int("✗" in signs.values()) == self.status, self.shown

    def says(self, *parts: str) -> None:
        """Checks that each of ``parts`` is shown, however it is wrapped, and no frame of the dojo's."""
        flat = " ".join(self.shown.split())
        assert [] == [part for part in parts if part not in flat], self.shown
        for harness in ("Traceback", "dojo/", "no mistake of yours"):
            assert harness not in self.shown, self.shown


@dataclass
class Started:
    """A judge that runs, with a mark in its environment that all its descendants inherit."""

    process: subprocess.Popen[str]
    mark: str
    temporary: Path
    workspace: Path

    def left(self) -> list[str]:
        """The processes that carry the mark."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.environ().get("DOJO_TEST_MARK") == self.mark and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(f"{process.pid} {' '.join(process.cmdline())}")
        return found

    def folders(self) -> list[str]:
        """The temporary folders that are there."""
        return sorted(path.name for path in self.temporary.glob("serving-katas-*"))

    def settle(self) -> tuple[list[str], list[str]]:
        """The processes and folders that are left, once there are none or after `GONE` seconds."""
        end = time.monotonic() + GONE
        while (left := (self.left(), self.folders())) != ([], []) and time.monotonic() < end:
            time.sleep(0.1)
        return left

    def end(self) -> None:
        """Ends it, and whatever carries its mark."""
        for pid in (int(process.split()[0]) for process in self.left()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.communicate()


def in_the_middle(run: Started) -> None:
    """Waits until the line of 1.1 is printed and the next host has started what `LEAVES` starts."""
    assert run.process.stdout is not None
    assert any(line[2:].startswith("1.1 ") for line in run.process.stdout), "it ended first"
    while run.process.poll() is None and sum("sleep" in process for process in run.left()) < 4:
        time.sleep(0.02)


STOPS: dict[str, Callable[[subprocess.Popen[str]], None]] = {
    "Ctrl-C": lambda process: process.send_signal(signal.SIGINT),
    "Ctrl-C in a terminal": lambda process: os.killpg(process.pid, signal.SIGINT),
    "terminated": lambda process: process.terminate(),
    "killed": lambda process: process.kill(),
}


def listing(folder: Path) -> dict[str, tuple[float, str]]:
    """Each file and folder below ``folder``, with its time of change and a hash of its content."""
    found = {}
    for path in sorted(folder.rglob("*")):
        content = path.read_bytes() if path.is_file() else b""
        found[str(path.relative_to(folder))] = (path.stat().st_mtime, hashlib.sha256(content).hexdigest())
    return found


def workspace_of(case: Case, folder: Path) -> Path:
    """A workspace in ``folder``: solutions/ with the files of ``case`` over it."""
    workspace = folder / "workspace"
    shutil.copytree(SOLUTIONS, workspace, ignore=shutil.ignore_patterns("__pycache__"))
    for name, text in case.files.items():
        if text is None:
            (workspace / name).unlink()
        else:
            (workspace / name).write_text(text, encoding="utf-8")
    return workspace


def start(case: Case, folder: Path) -> Started:
    """Starts to judge ``case``, in a session of its own."""
    workspace = workspace_of(case, folder)
    temporary = folder / "temporary"
    temporary.mkdir()
    mark = uuid.uuid4().hex
    skipped = {"NO_COLOR", "FORCE_COLOR", "PY_COLORS", "PYTEST_ADDOPTS", "DOJO_SPAWN", "COLUMNS"}
    environment = {key: value for key, value in os.environ.items() if key not in skipped}
    environment |= {"DOJO_TEST_MARK": mark, "TMPDIR": str(temporary), "PYTHONIOENCODING": "utf-8"} | case.environment
    katas = [str(catalog.exercise(exercise).kata) for exercise in case.exercises]
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", *katas, "--workspace", str(workspace), *case.options],
        cwd=ROOT, env=environment, text=True, encoding="utf-8", start_new_session=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )
    return Started(process, mark, temporary, workspace)


def judge(case: Case, folder: Path) -> Judged:
    """Judges ``case`` and looks at what it leaves behind."""
    began = time.monotonic()
    run = start(case, folder)
    before = listing(run.workspace)
    try:
        try:
            if case.stop:
                in_the_middle(run)
                STOPS[case.stop](run.process)
            shown, _ = run.process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            pytest.fail(f"{case.exercises}: no end after {PATIENCE:g} s")
        seconds = time.monotonic() - began
        left, folders = run.settle()
        return Judged(shown, run.process.returncode, seconds, left, folders, before, listing(run.workspace))
    finally:
        run.end()


@pytest.fixture(scope="session")
def runs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[Case, Future[Judged]]]:
    """All cases of the tests that were chosen, three at a time: most of them wait for a patience limit."""
    calls = (getattr(item, "callspec", None) for item in request.session.items)
    chosen = [case for call in calls if call and isinstance(case := call.params.get("judged"), Case)]
    with ThreadPoolExecutor(3) as pool:
        yield {case: pool.submit(judge, case, tmp_path_factory.mktemp("case")) for case in sorted(chosen, key=lambda case: not case.hangs)}
        pool.shutdown(cancel_futures=True)


@pytest.fixture
def judged(request: pytest.FixtureRequest, runs: dict[Case, Future[Judged]]) -> Judged:
    """The outcome of the test's case, of which nothing may be left, in the workspace either."""
    outcome = runs[request.param].result()
    assert [] == outcome.left, outcome.shown
    assert [] == outcome.folders, outcome.shown
    assert outcome.before == outcome.after, outcome.shown
    return outcome


def given(*exercises: str, files: dict[str, str | None] | None = None, hangs: bool = False,
          **environment: str) -> pytest.MarkDecorator:
    """Judges ``exercises`` of solutions/ with ``files`` over it, for a test that takes ``judged``."""
    case = Case(exercises, files or {}, environment=environment, hangs=hangs)
    return pytest.mark.parametrize("judged", [case], ids=[",".join(exercises)], indirect=True)


# -- code that ends the process


EXITS_AT_IMPORT = "import os\n\nos._exit(0)\n"


@given("1.1", "1.3", files={PREDICT: EXITS_AT_IMPORT})
def test_a_router_that_ends_the_process_at_import_hides_no_other(judged: Judged) -> None:
    """os._exit at import of a router makes its own exercise red and no other."""
    judged.check(_1_1="✓", _1_3="✗")
    judged.says("app/routers/predict.py could not be imported; the rest of the service runs without it.",
                "Your code ended the whole process with os._exit(0) at app/routers/predict.py:3: os._exit(0)")


EXITS = in_the_endpoint("os._exit(0)", "import os\n")


@given("1.1", "1.3", "1.5", files={PREDICT: EXITS})
def test_an_endpoint_that_ends_the_process_is_named(judged: Judged) -> None:
    """os._exit in an endpoint is told with its line."""
    judged.check(_1_1="✓", _1_3="✗", _1_5="✗")
    judged.says("POST /predict got no answer.", f"os._exit(0) at {at(PREDICT, EXITS, 'os._exit(0)')}: os._exit(0)")


@given("1.1", "1.3", files={PREDICT: "import sys\n\nsys.exit()\n"})
def test_a_router_that_calls_sys_exit_hides_no_other(judged: Judged) -> None:
    """sys.exit at import of a router makes its own exercise red and no other."""
    judged.check(_1_1="✓", _1_3="✗")
    judged.says("Your code asked the process to end (sys.exit, exit or quit) at app/routers/predict.py:3: sys.exit()")


@given("1.1", files={MAIN: "import sys\n\nsys.exit(0)\n"})
def test_a_service_that_calls_sys_exit_is_told_so(judged: Judged) -> None:
    """sys.exit at import of app/main.py is told with its line."""
    judged.check(_1_1="✗")
    judged.says("app/main.py could not be imported.", "(sys.exit, exit or quit) at app/main.py:3: sys.exit(0)")


BURST_EXITS = replaced(EXPERIMENT, "limits = httpx.Limits(max_connections=None)", "raise SystemExit(0)")


@given("1.4", files={EXPERIMENT: BURST_EXITS})
def test_a_function_that_calls_sys_exit_is_told_so(judged: Judged) -> None:
    """SystemExit out of a called function is told with its line."""
    judged.check(_1_4="✗")
    judged.says("burst() raised an exception.", "asked the process to end", at(EXPERIMENT, BURST_EXITS, "raise SystemExit"))


# -- code that never ends


@given("1.1", "1.3", files={PREDICT: "while True:\n    pass\n"}, hangs=True)
def test_a_router_that_never_finishes_importing_hides_no_other(judged: Judged) -> None:
    """An endless loop at import of a router is ended, named, and waited for only once."""
    judged.check(_1_1="✓", _1_3="✗")
    judged.says("It did not finish importing in 8 s, the patience limit. It stands at app/routers/predict.py:", "computing")


ENDLESS = in_the_endpoint("while True: pass")


@given("1.1", "1.3", "1.5", files={PREDICT: ENDLESS}, hangs=True)
def test_an_endpoint_that_never_ends_is_named(judged: Judged) -> None:
    """An endless loop in an async endpoint is told with its line, and that it computes."""
    judged.check(_1_1="✓", _1_3="✗", _1_5="✗")
    judged.says("POST /predict got no answer in 5 s, the patience limit.", f"It stands at {at(PREDICT, ENDLESS, 'while True')}, computing:")


ENDLESS_VERDICT = replaced(EXPERIMENT, "n = len(many.latencies_seconds)", "while True: pass")


@given("1.4", files={EXPERIMENT: ENDLESS_VERDICT}, hangs=True)
def test_a_function_that_never_returns_is_named(judged: Judged) -> None:
    """An endless loop in a called function is told with its line."""
    judged.check(_1_4="✗")
    judged.says("verdict() did not return in 10 s, the patience limit.", f"It stands at {at(EXPERIMENT, ENDLESS_VERDICT, 'while True')}, computing:")


@given("1.3", files={PREDICT: in_the_endpoint("sum(range(10**12))")}, hangs=True)
def test_a_call_that_keeps_the_gil_is_ended(judged: Judged) -> None:
    """A call that silences the whole process, the probe included, ends within the patience limits."""
    judged.check(_1_3="✗")
    judged.says("POST /predict got no answer in 5 s, the patience limit: a call keeps Python's global lock (the GIL)")


@given("1.5", files={PREDICT: in_the_endpoint("sum(range(10**12))")}, hangs=True)
def test_a_held_burst_that_keeps_the_gil_is_ended(judged: Judged) -> None:
    """So it is when many requests are held."""
    judged.check(_1_5="✗")
    judged.says("some call keeps Python's global lock (the GIL) and never returns")


# -- code that can't be loaded


BROKEN = source(PREDICT).replace("router = APIRouter()", "router = APIRouter(", 1)


@given("1.1", "1.3", files={PREDICT: BROKEN})
def test_a_syntax_error_is_told_with_its_line(judged: Judged) -> None:
    """A syntax error of a router is told in Python's words, with its line, and hides no other exercise."""
    judged.check(_1_1="✓", _1_3="✗")
    judged.says("SyntaxError: '(' was never closed", f"{at(PREDICT, BROKEN, 'APIRouter(')}: router = APIRouter(")


@given("1.3", files={PREDICT: source(PREDICT).replace("import asyncio", "import asyncoi", 1)})
def test_a_misspelled_module_is_suggested(judged: Judged) -> None:
    """A module that isn't there is told with its line, and with the name that was meant."""
    judged.check(_1_3="✗")
    judged.says("ModuleNotFoundError: No module named 'asyncoi'", "app/routers/predict.py:3: import asyncoi", "Is it `asyncio` that you mean?")


@given("1.4", files={EXPERIMENT: replaced(EXPERIMENT, "async def burst(", "async def brust(")})
def test_a_renamed_function_is_suggested(judged: Judged) -> None:
    """A function that isn't there is told, with the name that is."""
    judged.check(_1_4="✗")
    judged.says("app/experiment.py has no `burst`; it has `brust`: was it renamed?")


@given("1.2", files={SCHEMAS: source(SCHEMAS).replace("PredictRequest", "PredictionRequest")})
def test_a_renamed_class_is_suggested(judged: Judged) -> None:
    """A class that isn't there is told, with the names that are, and without the path of the copy that ran."""
    judged.check(_1_2="✗")
    judged.says("cannot import name 'PredictRequest' from 'app.schemas' (app/schemas.py); it has `PredictionRequest` and")


@given("1.1", "1.3", files={PREDICT: None})
def test_a_deleted_router_is_missed_and_hides_no_other(judged: Judged) -> None:
    """A router's file that is gone is told, with the way to get it back."""
    judged.check(_1_1="✓", _1_3="✗")
    judged.says("app/routers/predict.py isn't there: restore it with `git checkout app/routers/predict.py`")


@given("1.1", "1.3", files={PREDICT: source(PREDICT).replace("router = APIRouter()", "rooter = APIRouter()").replace("@router.", "@rooter.")})
def test_a_renamed_router_is_suggested_and_hides_no_other(judged: Judged) -> None:
    """A router under another name costs its own exercise, and no other."""
    judged.check(_1_1="✓", _1_3="✗")
    judged.says("app/routers/predict.py has no APIRouter named `router`; it has `rooter`: was it renamed?")


@given("1.3", files={PREDICT: source(PREDICT).replace("import asyncio\n", "import asyncio\n\nasyncio.get_running_loop = lambda: None\n", 1)})
def test_replacing_a_part_of_asyncio_is_the_learners_own_doing(judged: Judged) -> None:
    """Code that breaks what everybody uses isn't told that the dojo is at fault."""
    judged.check(_1_3="✗")
    judged.says("was imported, and then the server could not start", "Does your code replace something of asyncio")


@given("1.1", files={MAIN: source(MAIN).replace("\napp = create_app()\n", "\napi = create_app()\n")})
def test_a_service_without_its_name_is_told_so(judged: Judged) -> None:
    """app/main.py without ``app`` is told, with the name that it has."""
    judged.check(_1_1="✗")
    judged.says("app/main.py could not be imported.", "app/main.py has no `app`; it has `api`: was it renamed?")


# -- code that does more than it should


@given("1.1", "1.3", files={PREDICT: f"import os\n\nos.remove(__file__)\n{source(PREDICT).partition('import asyncio')[2]}import asyncio\n"})
def test_a_module_that_deletes_itself_deletes_a_copy(judged: Judged) -> None:
    """What runs is a copy: the file in the workspace is still there, and the message says so."""
    judged.check(_1_1="✓", _1_3="✗")
    judged.says("app/routers/predict.py deletes itself while it is imported (it ran on a copy, yours is still there)")
    assert PREDICT in judged.after


def loud(size: int) -> dict[str, str | None]:
    """predict.py that prints a megabyte at import, and ``size`` bytes for each request."""
    statement = f'print("x" * {size} + "\\nlast words"); await asyncio.sleep(settings.inference_seconds)'
    return {PREDICT: in_the_endpoint(statement, 'print("y\\n" * 2**19)\n')}


@given("1.1", "1.3", files=loud(2**20))
def test_a_megabyte_of_prints_stops_nothing(judged: Judged) -> None:
    """What the code prints, at import and in each request, neither blocks it nor floods the terminal."""
    judged.check(_1_1="✓", _1_3="✓")
    assert len(judged.shown) < 2000


@given("1.5", files=loud(2**20))
def test_prints_of_many_requests_stop_nothing(judged: Judged) -> None:
    """Nor do those of many requests at once."""
    judged.check(_1_5="✓")


@given("1.3", files={PREDICT: in_the_endpoint('print("x" * 2**20 + "\\nlast words", flush=True); os._exit(3)', "import os\n")})
def test_the_last_that_was_printed_is_shown(judged: Judged) -> None:
    """Of what a service printed before it ended, the last lines are shown."""
    judged.check(_1_3="✗")
    judged.says("os._exit(3)", "The last that it printed:", "last words")
    assert len(judged.shown) < 2000


@given("1.1", "1.2", files={MAIN: source(MAIN) + "\nimport os\nos.kill(os.getppid(), 9)\n"})
def test_killing_the_parent_is_said(judged: Judged) -> None:
    """Code that kills the process from which hosts are forked is told so, and costs no other exercise its verdict."""
    judged.check(_1_1="✗", _1_2="✓")
    judged.says("killed its parent")


LEAVES = '''\
import os, subprocess, sys

subprocess.Popen(["sleep", "300"])
subprocess.Popen(["sleep", "300"], start_new_session=True)
if os.fork() == 0:  # a daemon, as daemons are made, with a child that has left its session too
    os.setsid()
    if os.fork() == 0:
        subprocess.Popen(["sleep", "300"], start_new_session=True)
        os.execvp("sleep", ["sleep", "300"])
    os._exit(0)
os.wait()
'''


linux = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere orphans can't be adopted")


@linux
@given("1.1", "1.3", files={PREDICT: LEAVES + source(PREDICT)})
def test_processes_that_were_started_are_ended(judged: Judged) -> None:
    """Children, children with a session of their own, and daemons end with the host that started them."""
    judged.check(_1_1="✓", _1_3="✓")


PROTOCOL = r'''
import sys

for text in ('{"event": "ready", "port": 1, "broken": {}}', '{"event": "reply", "id": 1, "value": true}', '{"event": "ended", "status": 0}',
             '{"event": "failed", "stage": "dojo", "error": {}}', "::error::", "1 passed", "\x1b[2J\x1b[32m✓ 1.3  A predict endpoint\x1b[0m"):
    print(text, flush=True)
    print(text, file=sys.stderr, flush=True)
'''


@given("1.1", "1.3", files={PREDICT: PROTOCOL + source(PREDICT)})
def test_prints_that_look_like_the_judges_own_are_only_prints(judged: Judged) -> None:
    """A service that prints messages, verdicts and escape codes is judged by what it does."""
    judged.check(_1_1="✓", _1_3="✓")
    assert 1 == judged.shown.count("1.3"), judged.shown


@given("1.3", files={PREDICT: PROTOCOL + in_the_endpoint("raise RuntimeError", "")})
def test_prints_that_claim_success_make_nothing_green(judged: Judged) -> None:
    """A broken service that prints a verdict of its own is red, and no escape code reaches the terminal."""
    judged.check(_1_3="✗")
    judged.says("POST /predict answered 500, expected 200. RuntimeError")
    assert "\x1b" not in judged.shown


# -- runs


def stopped(stop: str) -> Case:
    """A run that is ended while a request waits, and daemons of the learner's are there."""
    return Case(("1.1", "1.3"), {PREDICT: LEAVES + in_the_endpoint("await asyncio.sleep(3600)")}, stop=stop)


@linux
@pytest.mark.parametrize("judged", [stopped("Ctrl-C"), stopped("Ctrl-C in a terminal")], ids=lambda case: case.stop, indirect=True)
def test_a_run_that_is_interrupted_leaves_nothing_behind(judged: Judged) -> None:
    """Ctrl-C ends the run in one line, and all that it has started."""
    assert pytest.ExitCode.INTERRUPTED == judged.status, judged.shown
    judged.says("Interrupted: nothing is left running.")


@linux
@pytest.mark.parametrize("judged", [stopped("terminated"), stopped("killed")], ids=lambda case: case.stop, indirect=True)
def test_a_run_that_is_killed_leaves_nothing_behind(judged: Judged) -> None:
    """Even a judge that has no time to clean up leaves no process and no folder."""
    assert judged.status < 0, judged.shown


def test_two_runs_side_by_side_are_both_green(tmp_path: Path) -> None:
    """Two runs in one checkout share nothing that they write."""
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    case = Case(tuple(exercise.id for exercise in catalog.exercises() if exercise.phase == "1"), options=("-k", "1_1 or 1_2"))

    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(judge, case, tmp_path / name) for name in ("one", "other")]

    for outcome in (run.result() for run in both):
        outcome.check(_1_1="✓", _1_2="✓")
        assert ([], [], outcome.before) == (outcome.left, outcome.folders, outcome.after), outcome.shown


@given("1.1", "1.2", "1.3")
def test_nothing_is_written_into_the_workspace(judged: Judged) -> None:
    """Files, folders, times and contents are the same after a run as before."""
    judged.check(_1_1="✓", _1_2="✓", _1_3="✓")
    assert judged.before == judged.after
    assert not [path for path in judged.after if "__pycache__" in path]


@given("1.1", "1.4", "1.5", DOJO_SPAWN="1")
def test_the_way_without_fork_judges_as_well(judged: Judged) -> None:
    """Where a platform can't fork, hosts are started from a fresh interpreter, with the same verdicts."""
    judged.check(_1_1="✓", _1_4="✓", _1_5="✓")
