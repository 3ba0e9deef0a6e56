"""The sessions: one a phase, the learner's tools, and the maintainer's.

``nox`` alone runs the phases in their order and stops at the first red one. What stands behind
``--`` goes to pytest: ``nox -s phase1 -- --workspace solutions -k 1_5``.
"""

import argparse
import contextlib
import hashlib
import os
import shlex
import subprocess
import sys
from pathlib import Path

import nox
from filelock import FileLock  # a dependency of nox's own virtualenv

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "none"  # all sessions share the environment that bench() makes
nox.options.stop_on_first_error = True

ROOT = Path(__file__).resolve().parent
PROJECT = nox.project.load_toml(ROOT / "pyproject.toml")
ENVIRONMENT = ROOT / ".nox" / "katas"
#: The groups of packages that the maintainer's sessions have: the same for all, so that the environment is made once.
MAINTAINER = ("dev", "load", "containers", "grade", "site")
PYTHON = ENVIRONMENT / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def bench(session: nox.Session, *groups: str) -> None:
    """Makes the environment that all sessions share, once: a save is judged without installing anything."""
    wanted = sorted({*PROJECT["project"]["dependencies"], *nox.project.dependency_groups(PROJECT, "judge", *groups)})
    pins = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    stamp = ENVIRONMENT / f"installed-{'-'.join(('judge', *groups))}"
    recipe = hashlib.sha256(repr((wanted, pins, sys.version)).encode()).hexdigest()
    with contextlib.ExitStack() as held:
        try:
            ENVIRONMENT.parent.mkdir(exist_ok=True)
            held.enter_context(FileLock(ENVIRONMENT.parent / "katas.lock"))  # two runs may start side by side
            refused = ""
        except OSError as error:
            refused = error.strerror or str(error)
        if stamp.exists() and stamp.read_text() == recipe:
            return  # also where nothing can be written: `dojo doctor` tells of that
        if refused:
            session.error(f"the folder .nox can't be written ({refused}): make this clone yours, or clone it to where you may write")
        session.log("Making the environment .nox/katas: half a minute, the first time only.")
        uv = session.run_install(sys.executable, "-m", "uv", "--version", external=True, silent=True, success_codes=[0, 1], log=False)
        if uv and uv.startswith("uv "):
            make = [sys.executable, "-m", "uv", "venv", "--quiet", "--allow-existing", "--python", sys.executable, str(ENVIRONMENT)]
            install = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--compile-bytecode", "--python", str(PYTHON)]
        else:
            make = [sys.executable, "-m", "virtualenv", "--quiet", "--python", sys.executable, str(ENVIRONMENT)]
            install = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        session.run_install(*make, external=True, silent=True, log=False)
        session.run_install(*install, "--constraint", "constraints.txt", *wanted, external=True, silent=True, log=False)
        command = PYTHON.with_name("dojo")
        command.write_text(f'#!/bin/sh\ncd {shlex.quote(str(ROOT))} && exec {shlex.quote(str(PYTHON))} -m dojo.cli "$@"\n')
        command.chmod(0o755)
        stamp.write_text(recipe)


def run(session: nox.Session, *arguments: str | Path, **options: object) -> None:
    """Runs Python in the shared environment."""
    session.run(str(PYTHON), *map(str, arguments), external=True, log=False, **options)  # type: ignore[arg-type]


def phase(session: nox.Session, folder: str, *groups: str) -> None:
    """Judges one phase; not by session.run(), which would print the whole command below a red result."""
    bench(session, *groups)
    judge = subprocess.Popen([str(PYTHON), "-m", "pytest", f"katas/{folder}", *session.posargs])
    try:
        code = judge.wait()
    except KeyboardInterrupt:  # the judge has got it too, and ends what it started
        judge.wait(20)
        raise
    if code:
        session.error(f"{session.name} is red; what to do stands above")


@nox.session
def phase0(session: nox.Session) -> None:
    """Setup: is everything here that the phases need?"""
    phase(session, "phase0_setup")


@nox.session
def phase1(session: nox.Session) -> None:
    """Foundation: FastAPI, and what waiting costs."""
    phase(session, "phase1_foundation")


@nox.session(name="phase1.5")
def phase1_5(session: nox.Session) -> None:
    """Sync and async mastery: eight real dependencies, held."""
    phase(session, "phase1_5_sync_async")


@nox.session
def phase2(session: nox.Session) -> None:
    """Observability: a middleware that can be trusted, percentiles, and /metrics."""
    phase(session, "phase2_observability")


@nox.session
def phase3(session: nox.Session) -> None:
    """Load testing: Locust, and the breaking point. With -- --quick all that needs no live load."""
    phase(session, "phase3_load_testing", "load")


@nox.session
def phase4(session: nox.Session) -> None:
    """Performance tuning: workers, memory, and plans that are carried out. With -- --quick all that needs no live load."""
    phase(session, "phase4_tuning")


@nox.session
def phase5(session: nox.Session) -> None:
    """Containers: an image, a compose file, health checks, and a load on the container."""
    phase(session, "phase5_containers", "load", "containers")


@nox.session(default=False)
def image(session: nox.Session) -> None:
    """Builds the image of your Dockerfile, and says what each layer takes."""
    bench(session)
    if subprocess.run([str(PYTHON), "-m", "dojo.image_size", *session.posargs], check=False).returncode:
        session.error("what is the matter stands above")


@nox.session(default=False)
def up(session: nox.Session) -> None:
    """Brings docker-compose.yml up and says where the service is; with -- --profile load also Locust."""
    bench(session)
    if subprocess.run([str(PYTHON), "-m", "dojo.compose", "up", *session.posargs], check=False).returncode:
        session.error("what is the matter stands above")


@nox.session(default=False)
def down(session: nox.Session) -> None:
    """Takes away what nox -s up has brought up."""
    bench(session)
    if subprocess.run([str(PYTHON), "-m", "dojo.compose", "down", *session.posargs], check=False).returncode:
        session.error("what is the matter stands above")


@nox.session(default=False)
def load(session: nox.Session) -> None:
    """Locust as locust.conf sets it; what stands behind -- is its command line. With -- --workers 2 it has two workers."""
    bench(session, "load")
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--workers", type=int, default=0)
    own, arguments = parser.parse_known_args(session.posargs)
    # Its own master and workers, which it forks; they talk over the loopback interface, where its default would be all of them.
    workers = ["--processes", own.workers, "--master-bind-host", "127.0.0.1"] if own.workers else []
    run(session, "-m", "locust", *workers, *arguments, success_codes=[0, 1])  # 1: a request failed, which it has told by then


def tool(session: nox.Session, *groups: str) -> None:
    """Runs the learner's tool that has the session's name. What it has to say it says itself, also when Ctrl-C ends it."""
    bench(session, *groups)
    process = subprocess.Popen([str(PYTHON), "-m", "dojo.cli", session.name, *session.posargs])
    try:
        code = process.wait()
    except KeyboardInterrupt:
        process.wait(30)
        return
    if code:
        session.error("what is the matter stands above")


@nox.session(name="next", default=False)
def next_(session: nox.Session) -> None:
    """The first exercise that isn't solved: what it asks, which file to edit, what its failure shows."""
    tool(session)


@nox.session(default=False)
def watch(session: nox.Session) -> None:
    """Judges at each save, and goes on when an exercise is green. With -- --poll where a file system has no events."""
    tool(session)


@nox.session(name="list", default=False)
def list_(session: nox.Session) -> None:
    """All exercises with their state and points."""
    tool(session)


@nox.session(default=False)
def hint(session: nox.Session) -> None:
    """A hint, and one more each time: nox -s hint -- 1.5, or the third with 1.5 3."""
    tool(session)


@nox.session(default=False)
def compare(session: nox.Session) -> None:
    """The difference between your answer and the solution: nox -s compare -- 1.5."""
    tool(session)


@nox.session(default=False)
def reset(session: nox.Session) -> None:
    """Puts an exercise's stub back, and keeps what you wrote: nox -s reset -- 1.5."""
    tool(session)


@nox.session(default=False)
def serve(session: nox.Session) -> None:
    """Your service with PostgreSQL, Redis and all that it talks to, to try it by hand; each save starts it anew."""
    tool(session)


@nox.session(default=False)
def doctor(session: nox.Session) -> None:
    """Is everything here that the exercises and these tools need? With the cure for what isn't."""
    tool(session)


@nox.session(default=False)
def progress(session: nox.Session) -> None:
    """Writes docs/Exercises/exercise-tracker.md anew from what the katas came to."""
    tool(session)


@nox.session(default=False)
def report(session: nox.Session) -> None:
    """One page to look at: the board, and pictures of what the katas have seen."""
    tool(session, "load")


@nox.session(default=False)
def grade(session: nox.Session) -> None:
    """For instructors: grades submissions behind walls, a folder of them with -- --class DIR (docs/classroom.md)."""
    tool(session, "load", *(["grade"] if any(each.startswith("--executor") for each in session.posargs) else []))


@nox.session(default=False)
def update(session: nox.Session) -> None:
    """Brings new katas into your clone; what you have edited stays as it is."""
    tool(session)


@nox.session(default=False)
def solutions(session: nox.Session) -> None:
    """All katas against solutions/."""
    bench(session, "load", "containers")
    run(session, "-m", "pytest", "katas", "--workspace", "solutions", *session.posargs)


@nox.session(default=False)
def tests(session: nox.Session) -> None:
    """The tests of the dojo itself."""
    bench(session, *MAINTAINER)
    run(session, "-m", "pytest", *(session.posargs or ["tests"]))


@nox.session(default=False)
def lint(session: nox.Session) -> None:
    """ruff, and mypy --strict on dojo/."""
    bench(session, *MAINTAINER)
    run(session, "-m", "ruff", "check", ".")
    run(session, "-m", "mypy")


@nox.session(default=False)
def site(session: nox.Session) -> None:
    """The chapters as a site, with a search: into .dojo/site. Whatever leads nowhere ends it."""
    bench(session, "site")
    run(session, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html", "docs", ".dojo/site", *session.posargs)
    session.log("The site is .dojo/site/index.html. Opened from there or served, its search works in both cases.")


@nox.session(default=False)
def containers(session: nox.Session) -> None:
    """The answers that take a container engine, or a part of them: nox -s containers -- --part 2/6."""
    bench(session, *MAINTAINER)
    run(session, "-m", "tests.containers", *session.posargs)


@nox.session(default=False)
def stress(session: nox.Session) -> None:
    """All katas against all answers, 20 times, with four busy processes beside it: no verdict may change."""
    bench(session, *MAINTAINER)
    run(session, "-m", "tests.stress", *session.posargs)


@nox.session(default=False)
def mutants(session: nox.Session) -> None:
    """Every small change of a solution has to be seen by its katas: nox -s mutants -- app/metrics.py."""
    bench(session, *MAINTAINER, "mutants")
    run(session, "-m", "tests.mutants", *session.posargs)


@nox.session(default=False)
def prometheus(session: nox.Session) -> None:
    """A real Prometheus, if there is the program, scrapes /metrics and is asked for the p95."""
    bench(session, *MAINTAINER)
    run(session, "-m", "tests.prometheus_scrape", *session.posargs)


@nox.session(default=False)
def experiments(session: nox.Session) -> None:
    """The measurements and pictures of phase 4's chapter, anew: two minutes. With -- memory only that, with -- --into FOLDER elsewhere."""
    bench(session, "load")
    run(session, "-m", "tests.benchmarks.experiments", *session.posargs)


@nox.session(default=False)
def benchmark(session: nox.Session) -> None:
    """How long a verdict takes, and what probe and gate cost, as ratios of one run."""
    bench(session, *MAINTAINER)
    run(session, "-m", "tests.benchmarks.verdict", *session.posargs)
    run(session, "-m", "tests.benchmarks.watch", *session.posargs)
    run(session, "-m", "tests.benchmarks.gate")


@nox.session(default=False)
def grading(session: nox.Session) -> None:
    """How many submissions are graded in a minute, alone and two at once; and 200 of them with a worker killed in between."""
    bench(session, *MAINTAINER)
    run(session, "-m", "tests.benchmarks.grading", *session.posargs)
