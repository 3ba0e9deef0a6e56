"""Grades submissions that nobody trusts: ``dojo grade PATH…``, and a whole class with ``--class DIR``.

Each submission is judged in a process of its own behind walls (``jail.py``), watched over by another (``warden.py``). What comes back is
a record (``results.py``) with what grading knows beside it. It fails closed: what wasn't seen to pass is worth nothing; and what went
wrong without the learner's part in it is a *grader error*, tried once more, and never a zero.
"""

import argparse
import concurrent.futures
import contextlib
import dataclasses
import hashlib
import importlib
import io
import itertools
import json
import os
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from dojo import catalog, chance, formats, jail, kept, screen, warden
from dojo.attempt import Attempt, unjudged
from dojo.results import STATUS, whole, write_text
from dojo.submission import NotReached, NotTaken, Submission, printable, take
from dojo.workspace import ROOT

#: For one submission, in seconds: many times what the slowest takes.
PATIENCE = 3600.0
#: What a learner's code and the judge's own services may use together. In bytes.
MEMORY = 4 << 30
TASKS = 1500
#: Exercises that need more than the judge's walls allow: a container engine is as good as root.
CONTAINERS = "5"
_PREFIX = "serving-katas-grade-"
#: What an exercise came to that the instructor has to look at.
WITHHELD = "withheld"


@dataclass(frozen=True)
class Policy:
    """What an instructor decides."""

    exercises: tuple[str, ...] = ()
    seed: int = 0
    level: str = ""
    #: Whether an inconclusive verdict earns its point; it is told in any case.
    credit_inconclusive: bool = False
    #: Whether code that reaches for the judge's own parts is judged as any other, because somebody has looked at it.
    trust: bool = False
    quick: bool = False
    patience: float = PATIENCE

    def chosen(self) -> list[catalog.Exercise]:
        """The exercises that are graded, in the catalog's order."""
        return [e for e in catalog.exercises() if e.id in self.exercises] if self.exercises else list(catalog.exercises())


@dataclass(frozen=True)
class Parcel:
    """All that is needed to judge one submission, here or on another machine."""

    name: str
    files: dict[str, bytes]
    remarks: tuple[str, ...]
    policy: Policy
    katas: str = ""
    #: Where it was taken from, to be shown.
    source: str = ""


class Executor(Protocol):
    """What runs the work: a pool of threads, or a scheduler of other machines. As `concurrent.futures.Executor`.

    It may say in ``workers`` how many tasks it runs at once.
    """

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **options: Any) -> Any:
        """Runs ``function(*arguments)`` somewhere; its future, with ``result`` and ``add_done_callback``."""


def digest_of_katas() -> str:
    """Of all that decides a verdict: the katas, the dojo, what is given, the pinned versions."""
    total = hashlib.sha256()
    places = [*sorted((ROOT / "katas").rglob("*")), *sorted((ROOT / "dojo").rglob("*.py")), *sorted((ROOT / "solutions").rglob("*")),
              ROOT / "pyproject.toml", ROOT / "constraints.txt"]
    for file in places:
        if file.is_file() and "__pycache__" not in file.parts:
            content = file.read_bytes()
            total.update(f"{file.relative_to(ROOT).as_posix()} {len(content)} ".encode() + content)
    return total.hexdigest()[:16]


# -- one submission


def assess(parcel: Parcel) -> dict[str, Any]:
    """The result of one submission; judged again once, when something went wrong that wasn't its own doing."""
    if parcel.katas and (mine := digest_of_katas()) != parcel.katas:
        why = f"The katas here are others ({mine}) than those that are to be judged with ({parcel.katas})."
        return failed(parcel.name, parcel.policy, why, source=parcel.source)
    submission, policy = Submission(parcel.name, dict(parcel.files)), parcel.policy
    walls = jail.named(policy.level) if policy.level else jail.strongest()
    attempt = _attempt(submission, policy, walls)
    attempts = 1
    if attempt.open and not _ending.is_set():
        attempt = attempt.with_another(_attempt(submission, policy, walls))
        attempts = 2
    submission.remarks = [*parcel.remarks, *dict.fromkeys([*submission.remarks, *attempt.remarks])]
    return {**_result(submission, policy, walls, attempt, parcel.source), "attempts": attempts}


def _attempt(submission: Submission, policy: Policy, walls: jail.Jail) -> Attempt:
    chosen = policy.chosen()
    cache = jail.prepared_cache(_cache_folder(), walls.level)
    if any(exercise.phase == "1.5" for exercise in chosen):  # whose services take long to make
        _fill_cache(walls, cache)
    with _scratch() as (scratch, tree):
        submission.write(tree)
        for place in (tree, *tree.rglob("*")):
            place.chmod(0o755 if place.is_dir() else 0o644)
        command = [
            sys.executable, "-P", "-m", "pytest", "-c", str(ROOT / "pyproject.toml"), "--rootdir", str(ROOT), "--workspace", "{submission}",
            "--results", "{results}", "--basetemp", f"{{open}}/{jail.GIVEN}", "--exam", *(["--quick"] * policy.quick),
            *(str(ROOT / exercise.kata) for exercise in chosen), str(ROOT / "katas" / "exam"),
        ]
        watched = {} if walls.level == "bubblewrap" else {"watched_folder": str(scratch / "open")}
        began = time.monotonic()
        # Not as an argument: those of all processes everybody may read who sees /proc, and who knows the seed knows what will be asked.
        told = _watched(_task(jail.around_the_judge(walls, command, scratch, tree, cache), scratch, policy.patience,
                              {chance.VARIABLE: str(policy.seed)}, **watched))
        return Attempt.told_by(told, chosen, policy.patience, time.monotonic() - began)


@contextlib.contextmanager
def _scratch() -> Iterator[tuple[Path, Path]]:
    """A folder for a run of the judge, and an empty one in it for the submission."""
    with tempfile.TemporaryDirectory(prefix=f"{_PREFIX}{os.getpid()}-", ignore_cleanup_errors=True) as folder:
        scratch, tree = Path(folder), Path(folder) / "submission"
        tree.mkdir()
        scratch.chmod(0o755)
        yield scratch, tree


def _task(wall: list[str], scratch: Path, patience: float, environment: dict[str, str] | None = None, **watched: str) -> dict[str, Any]:
    """What the warden is to run, and how far it may go."""
    return {"command": wall, "cwd": str(ROOT), "env": {**_environment(), **(environment or {})}, "patience": patience, "memory": MEMORY,
            "tasks": TASKS, "room": jail.ROOM, "files": jail.MANY, "scratch": str(scratch), **watched}


_filled: set[Path] = set()
_filling = threading.Lock()


def _fill_cache(walls: jail.Jail, cache: Path) -> None:
    """Lets a judge without a submission make what later ones find in the cache, once in this process; where that fails each makes its own."""
    with _filling:
        if cache in _filled:
            return
        _filled.add(cache)
        script = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from dojo.services import keep_for_later; keep_for_later()"
        with _scratch() as (scratch, nothing):
            _watched(_task(jail.around_the_judge(walls, [sys.executable, "-P", "-c", script], scratch, nothing, cache, keeps=True), scratch, 60.0))


def _environment() -> dict[str, str]:
    """The judge's: nothing of whoever grades but where programs are found."""
    path = os.pathsep.join(dict.fromkeys([str(Path(sys.executable).parent), *os.environ.get("PATH", os.defpath).split(os.pathsep)]))
    library = {"LD_LIBRARY_PATH": os.environ["LD_LIBRARY_PATH"]} if "LD_LIBRARY_PATH" in os.environ else {}
    return {"PATH": path, "LANG": "C.UTF-8", "TZ": "UTC", "NO_COLOR": "1", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONSAFEPATH": "1", **library}


def _cache_folder() -> Path:
    from dojo.services import cache_folder

    folder = cache_folder() / "grade"
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        return folder
    return Path(tempfile.gettempdir()) / f"serving-katas-cache-{os.getuid()}"


def _watched(task: dict[str, Any]) -> dict[str, Any]:
    """What the warden tells of a run; with ``lost`` when it was ended itself."""
    environment = {"PATH": task["env"]["PATH"], **{k: v for k, v in task["env"].items() if k == "LD_LIBRARY_PATH"}}
    process = subprocess.Popen([sys.executable, "-I", warden.__file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               text=True, env=environment)
    _running.add(process)
    if _ending.is_set():  # it has come in between, and ended those that it knew of
        process.kill()
    errors = ""
    try:
        output, errors = process.communicate(json.dumps(task))
        told: dict[str, Any] = json.loads(output)
    except (ValueError, OSError):
        return {"lost": f"what watches over the judge ended ({process.wait()}) {errors[-300:]}"}
    finally:
        _running.discard(process)
    return told


#: What has to be ended when this process is told to end: they end what they watch over. And whether that has come.
_running: set["subprocess.Popen[str]"] = set()
_ending = threading.Event()


def _sweep() -> None:
    """Removes what graders have left that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        process = folder.name.removeprefix(_PREFIX).partition("-")[0]
        with contextlib.suppress(OSError, ValueError):
            try:
                os.kill(int(process), 0)
            except ProcessLookupError:
                shutil.rmtree(folder, ignore_errors=True)


def _result(submission: Submission, policy: Policy, walls: jail.Jail, attempt: Attempt, source: str = "") -> dict[str, Any]:
    """Weighs what was seen. Points and their total come from the catalog."""
    reaches = {} if policy.trust else screen.reaches(submission.files)
    tests = []
    for number, exercise in enumerate(policy.chosen(), 1):
        test = {**attempt.tests[exercise.id], "task_id": number, "max_points": exercise.points}
        credited = test["state"] == "unclear" and policy.credit_inconclusive
        if reaches and (credited or test["state"] == "green"):  # whoever reaches can also bring it about that the judge can't tell
            why = "It is inconclusive, which is credited here" if credited else "It passed"
            open_ = [f"Why it is inconclusive: {test['message']}"] * credited
            test |= {"state": WITHHELD, "message": f"{why}, and code of this submission reaches for what the judge's own parts in its process "
                     "hold, so that a person has to look at it:\n" + "\n".join([*reaches, *open_])}
            credited = False
        test["status"] = STATUS.get(test["state"], "error")
        test["points"] = exercise.points if test["status"] == "pass" or credited else 0
        tests.append(test)
    error, own_fault = attempt.grader_error, attempt.own_fault
    status = "error" if error else whole(tests)
    return {
        "version": 3, "status": status,
        "message": own_fault or (f"Grader error: {error}" if error else "Nothing could be judged to its end." if status == "error" else None),
        "points": sum(test["points"] for test in tests), "max_points": sum(test["max_points"] for test in tests),
        "seed": policy.seed, "seconds": round(attempt.seconds, 1), "tests": tests, "complete": attempt.complete, "grader_error": error or None,
        "submission": {"name": submission.name, "source": source, "digest": submission.digest, "remarks": list(submission.remarks),
                       "reaches": list(reaches)},
        "jail": walls.as_data(), "katas": digest_of_katas(), "peak_memory": attempt.peak_memory,
    }


def failed(name: str, policy: Policy, why: str, *, grader: bool = True, source: str = "") -> dict[str, Any]:
    """The result of a submission of which nothing could be judged."""
    tests = [{**unjudged(exercise, why), "task_id": number, "points": 0, "max_points": exercise.points}
             for number, exercise in enumerate(policy.chosen(), 1)]
    return {"version": 3, "status": "error", "message": f"Grader error: {why}" if grader else why, "points": 0,
            "max_points": sum(test["max_points"] for test in tests), "seed": policy.seed, "seconds": 0.0, "tests": tests, "complete": False,
            "grader_error": why if grader else None,
            "submission": {"name": name, "source": source, "digest": "", "remarks": [], "reaches": []},
            "jail": jail.Jail("limits", weaker="nothing was run").as_data(), "katas": digest_of_katas(), "peak_memory": 0, "attempts": 0}


# -- many


@dataclass
class Class:
    """A run over many submissions: what came of each is kept in ``folder`` at once, and a run that was ended goes on where it was."""

    folder: Path
    policy: Policy
    #: How many are judged at once, where the executor doesn't know it better.
    jobs: int = 2
    katas: str = field(default_factory=digest_of_katas)
    judged: int = 0
    kept: int = 0
    #: Why results couldn't be kept for another run; empty when they were.
    unkept: str = ""

    def __post_init__(self) -> None:
        self._cache = kept.Cache(self.folder)

    def key(self, submission: Submission) -> str:
        """What a result depends on: when it is the same, so is the result."""
        walls = self.policy.level or jail.strongest().level
        told = json.dumps([submission.digest, self.katas, dataclasses.asdict(self.policy), walls], sort_keys=True)
        return hashlib.sha256(told.encode()).hexdigest()[:32]

    def grade(self, sources: Iterable[tuple[str, str | Path]], executor: Executor, tell: Callable[[dict[str, Any]], None]) -> list[dict[str, Any]]:
        """The results of ``sources``, pairs of a name and where it is, in their order; a `Path` is nothing else, a string may be a URL.

        Each is taken when there is room for it, as all at once may be more than fits into memory, and kept when it is judged.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        results: dict[str, dict[str, Any]] = {}
        waiting: dict[Any, tuple[str, str, Parcel]] = {}
        done: queue.SimpleQueue[Any] = queue.SimpleQueue()

        def next_judged() -> dict[str, Any]:
            future = done.get()
            name, key, parcel = waiting.pop(future)
            results[name] = self._judged(future, key, parcel)
            return results[name]

        order = []
        try:
            for name, source in sources:
                while not done.empty() or len(waiting) >= self._room(executor):
                    tell(next_judged())
                order.append(name)
                submission = _taken(source, name, self.policy)
                if not isinstance(submission, Submission):
                    results[name] = submission
                    tell(submission)
                    continue
                key = self.key(submission)
                if (known := self._cache.known(key)) is not None:
                    self.kept += 1
                    result, remarks = known
                    own = {"name": submission.name, "source": _shown(source), "remarks": [*submission.remarks, *remarks]}
                    results[name] = result | {"submission": result["submission"] | own}
                    tell(results[name])
                    continue
                parcel = Parcel(submission.name, submission.files, tuple(submission.remarks), self.policy, self.katas, _shown(source))
                future = executor.submit(assess, parcel)
                waiting[future] = name, key, dataclasses.replace(parcel, files={})
                future.add_done_callback(done.put)
            while waiting:
                tell(next_judged())
        finally:
            while not done.empty():  # Ctrl-C: what was judged meanwhile is kept all the same
                next_judged()
        return [results[name] for name in order]

    def _room(self, executor: Executor) -> int:
        """How many may be with ``executor``: enough that none of its workers waits while the next is taken."""
        return 2 * max(self.jobs, getattr(executor, "workers", 1))

    def _judged(self, future: Any, key: str, parcel: Parcel) -> dict[str, Any]:
        try:
            result: dict[str, Any] = future.result()
        except Exception as error:  # a worker of a scheduler's is gone, or the disk is full
            return failed(parcel.name, self.policy, f"{type(error).__name__}: {printable(str(error))}", source=parcel.source)
        self.judged += 1
        self._keep(key, result, result["submission"]["remarks"][len(parcel.remarks):])
        return result

    def _keep(self, key: str, result: dict[str, Any], remarks: list[str]) -> None:
        if not is_settled(result):
            return
        try:
            if result["katas"] != self.katas:
                raise OSError("the katas were changed while it was judged")
            self._cache.keep(key, result, remarks)
        except OSError as error:  # it has been told, and those that are still judged shall be as well
            self.unkept = error.strerror or str(error)


def is_settled(result: dict[str, Any]) -> bool:
    """Whether another run would say the same: not where this machine couldn't tell, as another or a quieter one may."""
    # What was inconclusive before it was withheld has a test at which it was; what passed has none.
    open_ = any(test["state"] == "unclear" or (test["state"] == WITHHELD and test["test"]) for test in result["tests"])
    return not result["grader_error"] and not open_


def _taken(source: str | Path, name: str, policy: Policy) -> Submission | dict[str, Any]:
    """A submission; or the result of one that can't be taken. What is none of its own fault is tried once more."""
    why = ""
    for _ in range(2):
        try:
            return take(str(source), name, literal=isinstance(source, Path))
        except NotTaken as error:
            return failed(printable(name), policy, str(error), grader=False, source=_shown(source))
        except NotReached as error:
            why = str(error)
        except Exception as error:  # a mistake of the grader's, which is no reason to leave out those that come after it
            why = f"it can't be taken: {type(error).__name__}: {printable(str(error))}"
    return failed(printable(name), policy, why, source=_shown(source))


def _shown(source: str | Path) -> str:
    """Where a submission was taken from, as it was given but for who asks a URL and the password, which are nobody's who reads a result."""
    return printable(re.sub(r"://[^/]*@", "://…@", str(source)), 1000)


@contextlib.contextmanager
def executor_for(where: str, jobs: int) -> Iterator[Executor]:
    """``jobs`` threads of this machine, each of which waits for a judge; or the scheduler at ``dask:ADDRESS``."""
    if where:
        kind, _, address = where.partition(":")
        if kind != "dask":
            raise SystemExit(f"dojo grade: --executor {where}: there is dask:tcp://host:port")
        try:
            distributed = importlib.import_module("distributed")
        except ImportError:
            raise SystemExit("dojo grade: Dask isn't installed: nox -s grade -- --executor … brings it along") from None
        with distributed.Client(address) as client:
            yield _Dask(client)
    else:
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            try:
                yield pool
            except BaseException:  # Ctrl-C; or nobody reads any more what is told: what nobody will keep needn't be judged
                pool.shutdown(wait=False, cancel_futures=True)
                _ending.set()
                for process in list(_running):
                    process.kill()
                raise


class _Dask:
    """Dask's scheduler as an executor. Each submission is a task that may run again when its worker is lost."""

    def __init__(self, client: Any) -> None:
        self._client = client

    @property
    def workers(self) -> int:
        """How many tasks run at once, now: workers come and go."""
        return sum(self._client.nthreads().values())

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **options: Any) -> Any:
        """As `Executor.submit`."""
        return self._client.submit(function, *arguments, pure=False, **options)


# -- the command


def arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``dojo grade``."""
    parser.add_argument("paths", nargs="*", metavar="PATH", help="submissions: folders, archives, git URLs (URL#revision)")
    parser.add_argument("--class", dest="folder", metavar="DIR", help="grade each entry of this folder")
    parser.add_argument("--out", default="grades", metavar="DIR", help="where results go (default: grades)")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="how many are judged at once (default: 1)")
    parser.add_argument("--phase", action="append", default=[], metavar="ID", help="grade this phase; may be given again (default: all but 5)")
    parser.add_argument("--exercise", action="append", default=[], metavar="ID", help="grade this exercise; may be given again")
    parser.add_argument("--seed", type=int, metavar="N", help="from which the judge draws (default: one for this folder of results)")
    parser.add_argument("--jail", choices=jail.LEVELS, help="the walls to build (default: the strongest that hold)")
    parser.add_argument("--require-jail", choices=jail.LEVELS, metavar="LEVEL", help="refuse to grade behind weaker walls than these")
    parser.add_argument("--format", action="append", default=[], choices=sorted(formats.WRITERS), help="write this too; may be given again")
    parser.add_argument("--inconclusive", choices=("zero", "credit"), default="zero", help="what an inconclusive verdict earns (default: zero)")
    parser.add_argument("--trust", action="store_true", help="don't withhold points of code that reaches for the judge's own parts")
    parser.add_argument("--quick", action="store_true", help="leave out live loads; such exercises are then judged in part, and earn nothing")
    parser.add_argument("--patience", type=_seconds, default=PATIENCE, metavar="SECONDS", help="the time limit of one submission")
    parser.add_argument("--executor", default="", metavar="dask:ADDRESS", help="a Dask scheduler to give the work to, instead of this machine")


def _seconds(text: str) -> float:
    with contextlib.suppress(ValueError):
        if 0 < (seconds := float(text)) < threading.TIMEOUT_MAX:
            return seconds
    raise argparse.ArgumentTypeError(f"a time limit is a number of seconds above 0, and {text!r} is none")


def _sources(options: argparse.Namespace) -> list[tuple[str, str | Path]]:
    """A unique name for each, and where it is: what stands on the command line as it stands there, a class's entries as paths."""
    found: list[tuple[str, str | Path]] = []
    found += [(Path(path.partition("#")[0].rstrip("/")).name or Path(path).resolve().name, path) for path in options.paths]
    if options.folder:
        # Of links that lead to each other `resolve` makes an error, and this the link itself, which isn't taken.
        results = os.path.realpath(options.out)
        found += [(entry.name, entry) for entry in sorted(Path(options.folder).iterdir())
                  if not entry.name.startswith(".") and os.path.realpath(entry) != results]
    unique: dict[str, str | Path] = {}
    for name, source in found:
        # One that is called like another's second is not that one.
        numbered = next(each for number in itertools.count(1) if (each := name if number == 1 else f"{name} ({number})") not in unique)
        unique[numbered] = source
    return list(unique.items())


def _policy(options: argparse.Namespace, out: Path) -> Policy:
    chosen = {catalog.exercise(each).id for each in options.exercise}
    phases = {phase.id: phase for phase in catalog.phases()}
    for each in options.phase:
        if each not in phases:
            raise catalog.CatalogError(f"there is no phase {each}; there are {', '.join(phases)}")
        chosen |= {exercise.id for exercise in phases[each].exercises}
    if not chosen:
        chosen = {exercise.id for phase in phases.values() if phase.id != CONTAINERS for exercise in phase.exercises}
    out.mkdir(parents=True, exist_ok=True)
    seed = _seed(out / "seed", options.seed)
    order = tuple(exercise.id for exercise in catalog.exercises() if exercise.id in chosen)
    return Policy(order, seed, options.jail or "", options.inconclusive == "credit", options.trust, options.quick, options.patience)


def _seed(note: Path, given: int | None) -> int:
    """The seed of a folder of results: what was ``given``, else what it has, else a new one. Raises ``ValueError`` when it has none that is one."""
    if given is not None:
        write_text(note, f"{given}\n")
        return given
    with tempfile.NamedTemporaryFile("w", dir=note.parent, prefix=".seed-", encoding="utf-8") as new:
        new.write(f"{chance.new_seed()}\n")
        new.flush()
        Path(new.name).chmod(0o644)
        try:
            os.link(new.name, note)  # of two graders that begin together, both take that of the first
        except FileExistsError:
            pass
        except OSError:  # a file system without links
            if not note.exists():
                shutil.copyfile(new.name, note)
    try:
        return int(note.read_text(encoding="utf-8"))
    except ValueError:
        raise ValueError(f"{printable(str(note))} holds no seed: give the one that these results have with --seed, or another --out") from None


def grade(options: argparse.Namespace) -> int:
    """Grades what was asked for; 0 when all could be judged, 3 when there was a grader error, whatever the points."""
    for stream in (sys.stdout, sys.stderr):  # a name that the terminal's encoding doesn't have is no reason to end
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    sources = _sources(options)
    if not sources:
        print("dojo grade: nothing to grade: give it paths, or --class DIR", file=sys.stderr)
        return 2
    try:
        walls = jail.named(options.jail) if options.jail else jail.strongest()
    except ValueError as error:
        print(f"dojo grade: {error}", file=sys.stderr)
        return 2
    if options.require_jail and not walls.at_least(options.require_jail):
        print(f"dojo grade: the jail here is {walls.level}, weaker than {options.require_jail}: {walls.weaker}", file=sys.stderr)
        return 2
    _sweep()
    out = Path(options.out)
    try:
        run = Class(out, _policy(options, out), max(1, options.jobs))
    except ValueError as error:
        print(f"dojo grade: {error}", file=sys.stderr)
        return 2
    cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if run.jobs > cpus and not options.executor:
        print(f"dojo grade: {run.jobs} judges on {cpus} {'CPU' if cpus == 1 else 'CPUs'} wait for each other, and time limits may make right answers "
              f"red or inconclusive: give --jobs {cpus}", file=sys.stderr, flush=True)
    why = f" ({walls.weaker})" if walls.weaker else ""
    print(f"Jail: {walls.level}{why}; network: {walls.network}; seed {run.policy.seed}", flush=True)
    done = 0

    def tell(result: dict[str, Any]) -> None:
        nonlocal done
        done += 1
        print(f"[{done}/{len(sources)}] {formats.line(result)}", flush=True)

    with executor_for(options.executor, run.jobs) as executor:
        graded = run.grade(sources, executor, tell)
    if run.unkept:
        print(f"dojo grade: results could not be kept in {printable(str(out))}, and another run judges them again: {run.unkept}", file=sys.stderr)
    try:
        several = bool(options.folder) or len(sources) > 1
        by_name = {name: result for (name, _), result in zip(sources, graded, strict=True)}
        kept.write(formats.files(by_name, options.format, several=several), out, several=several)
    except OSError as error:
        print(f"dojo grade: results can't be written to {printable(str(out))}: {error.strerror or error}. Another run with the same --out writes "
              "them, and judges nothing that is kept there", file=sys.stderr)
        return 2
    print(f"{run.judged} judged, {run.kept} known already; results in {printable(str(out))}", flush=True)
    if unsettled := sum(not is_settled(result) and not result["grader_error"] for result in graded):
        print(f"{unsettled} with an inconclusive verdict: another run with the same --out judges them again, best when this machine has nothing "
              "else to do", flush=True)
    return 3 if any(result["grader_error"] for result in graded) else 0
