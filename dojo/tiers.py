"""The pytest plugin for what is judged in three tiers: the text of files, the image that comes of them, the container that runs it.

The first needs nothing. The others need a container engine; without one they are inconclusive, with what to do about it,
or with ``KATA_REQUIRE_ENGINE=1`` an error. Each tier has a line of its own in the report.
"""

import os
import re
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from dojo.container import Container
from dojo.dockerfile import Dockerfile
from dojo.engine import REQUIRED, Engine, NoEngine, find
from dojo.image import Image
from dojo.plugin import RUN
from dojo.subject import Inconclusive, Red

TIERS = ("static", "image", "behavior")
#: What a test may take that builds images, in seconds; only ends a hang, as all that it waits for has a patience limit of its own.
PATIENCE = 3600

ENGINE: pytest.StashKey[Engine | NoEngine] = pytest.StashKey()
SEEN: pytest.StashKey[dict[tuple[str, str], Counter[str]]] = pytest.StashKey()

_HOLE = re.compile(r"\"(\d+\.\d+: [^\"\n]+)\"")


def pytest_configure(config: pytest.Config) -> None:
    """Says what the marker is."""
    config.addinivalue_line("markers", "tier(name): what a test looks at: static, image or behavior; the last two need a container engine")
    config.stash[SEEN] = {}


def pytest_unconfigure(config: pytest.Config) -> None:
    """Removes all that was made in the engine."""
    known = config.stash.get(ENGINE, None)
    if isinstance(known, Engine):
        known.close()


def _tier(item: pytest.Item) -> tuple[str, str]:
    """The exercise and the tier of a test; empty when it has none."""
    exercise, tier = item.get_closest_marker("exercise"), item.get_closest_marker("tier")
    return (str(exercise.args[0]), str(tier.args[0])) if exercise and tier else ("", "")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Counts the tests of each tier; those that build may take long."""
    for item in items:
        exercise, tier = _tier(item)
        if tier:
            config.stash[SEEN].setdefault((exercise, tier), Counter())["all"] += 1
            if tier != "static":
                item.add_marker(pytest.mark.timeout(PATIENCE))


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):  # type: ignore[no-untyped-def]
    """Notes what came of a test, by its tier."""
    report = yield
    key = _tier(item)
    if key[1] and report.when in ("setup", "call"):
        seen = item.config.stash[SEEN][key]
        if call.excinfo is not None and not call.excinfo.errisinstance(pytest.skip.Exception):
            seen["unclear" if not call.excinfo.errisinstance(AssertionError) else "red"] += 1
        elif report.when == "call":
            seen["green"] += 1
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Behind the last test of an exercise: a line for each of its tiers."""
    exercise = _tier(item)[0]
    if not exercise or (nextitem is not None and _tier(nextitem)[0] == exercise):
        return
    for tier in TIERS:
        seen = item.config.stash[SEEN].get((exercise, tier))
        if seen is None:
            continue
        checks = f"{seen['green']} of {seen['all']} checks"
        if seen["red"]:
            told = f"✗  {checks}"
        elif seen["unclear"]:
            told = f"?  {checks}"
        elif seen["green"] == seen["all"]:
            told = f"✓  {seen['all']} check{'' if seen['all'] == 1 else 's'}"
        else:
            told = f"~  {checks}" if seen["green"] else "·  not judged"
        item.user_properties.append(("note", f"{tier:<9} {told}"))


def _root(request: pytest.FixtureRequest) -> Path:
    return request.config.stash[RUN].launcher.root


@pytest.fixture
def tree(request: pytest.FixtureRequest) -> Path:
    """The workspace, as files: a copy of what the learner edits."""
    return _root(request)


@pytest.fixture
def dockerfile(request: pytest.FixtureRequest) -> Dockerfile:
    """The learner's Dockerfile; raises `Red` when there is none, or still its hole."""
    file = _root(request) / "Dockerfile"
    if not file.is_file():
        raise Red("There is no file Dockerfile beside app/.")
    read = Dockerfile.read(file.read_text(encoding="utf-8", errors="replace"))
    if not read.stages:
        raise Red("Dockerfile has no FROM: nothing says what the image begins with.")
    own = str(request.node.get_closest_marker("exercise").args[0])
    for each in read.everywhere:
        hole = _HOLE.search(each.value)
        if each.keyword == "RUN" and hole and "exit 1" in each.value:
            exercise = hole[1].partition(":")[0]
            if exercise != own:
                raise Red(f"This builds on {exercise}, which is still open at {each.where}. Start there: nox -s hint -- {exercise}")
            raise Red(f"{hole[1]}\nsaid at {each.where}:\n    {each.text[:70]}")
    return read


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def engine(request: pytest.FixtureRequest) -> Engine:
    """The container engine."""
    stash = request.config.stash
    if ENGINE not in stash:
        try:
            stash[ENGINE] = Engine(*find())
        except NoEngine as error:
            stash[ENGINE] = error
    known = stash[ENGINE]
    if isinstance(known, NoEngine):
        if os.environ.get(REQUIRED):
            raise RuntimeError(f"{REQUIRED} is set, and {known}")
        raise Inconclusive(str(known))
    return known


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def image(request: pytest.FixtureRequest, engine: Engine) -> Image:
    """The image of the learner's Dockerfile, built once for all exercises of a run."""
    return await Image.build(engine, _root(request))


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def running(image: Image) -> AsyncIterator[Container]:
    """A container of that image, which all tests of a kata may share."""
    started = await image.start("--env", "INFERENCE_SECONDS=0")
    yield started
    await started.remove()
