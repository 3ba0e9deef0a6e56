"""The face that katas use.

A kata is a pytest file that begins with::

    \"\"\"1.5 · All requests wait together, and the event loop stays free.\"\"\"

    from dojo.kata import Service, exercise, hold_and_ping

    pytestmark = exercise("1.5", edit="app/routers/predict.py")

Its tests are ``async def`` and take fixtures: ``service`` starts the learner's service,
``learner`` calls the learner's functions, ``reference`` those of ``solutions/``, ``note`` adds a
line that is shown under the exercise (the function `keep_picture` a picture to the report); ``load``
runs Locust on the learner's locustfile; ``database`` and ``cache`` are real servers behind a gate,
``upstream`` starts HTTP services, ``meeting`` is the gate in front of given functions. A test's
docstring is what the learner reads behind "Expected:"; the message of its ``assert`` (or of a `Red`)
is what was seen, and why it matters.
The first red test settles the exercise, so tests go from the plain to the subtle.

What is no route of the service, such as a middleware or a model, is judged in a small service of the judge's own: a
file beside the kata, named ``_…``, that imports the learner's. ``service`` ends with each test, ``lasting_service``
with the kata's last one::

    @pytest_asyncio.fixture(loop_scope="session", scope="module")
    async def small(lasting_service: ServiceStarter) -> Service:
        return await lasting_service(beside(__file__, "_small_service.py", "app"))

    async def test_it_answers(small: Service) -> None:
        \"\"\"What is expected.\"\"\"
        answer = await small.get("/one", headers={"x-one": "1"})        # Red when none comes in time
        await small.expect(200, answer, why="Why it matters.")          # Red with the learner's exception and its line
        assert {"one": 1} == answer.json(), f"What was seen: {answer.text}\\nWhy it matters."

The methods of a service are in `dojo.subject.Service`, what it can be started with in `dojo.subject.Run.serve`.
"""

from collections.abc import Sequence
from pathlib import Path

import pytest

from dojo.alone import alone
from dojo.burst import Burst, Observation, Request, Rounds, hold_and_ping, hold_in_rounds, never_awaited
from dojo.container import Container
from dojo.evidence import Picture, bars, held_loop, listed, plural, quoted, where
from dojo.given import GivenFile
from dojo.handed import Meeting, overlay
from dojo.hold import Held, hold
from dojo.image import Image
from dojo.load import Load, LoadRun
from dojo.outside import Call
from dojo.plugin import Server, ServiceStarter
from dojo.reading import SilentPipe, change_between, hold_steps
from dojo.subject import Functions, Inconclusive, Red, Service
from dojo.upstreams import Answer, Upstream
from dojo.wire import new
from dojo.witness import note as keep_picture

__all__ = [
    "Answer", "Burst", "Call", "Container", "Functions", "GivenFile", "Held", "Image", "Inconclusive", "Load", "LoadRun", "Meeting",
    "Observation", "Picture", "Red", "Request", "Rounds", "Server", "Service", "ServiceStarter", "SilentPipe", "Upstream", "alone", "bars",
    "beside", "change_between", "exercise", "held_loop", "hold", "hold_and_ping", "hold_in_rounds", "hold_steps", "keep_picture", "listed",
    "never_awaited", "new", "overlay", "plural", "quoted", "tier", "where",
]


def exercise(exercise_id: str, *, edit: str | Sequence[str] = ()) -> pytest.MarkDecorator:
    """Marks a kata file: the exercise's id, and the file or files that the learner edits for it."""
    return pytest.mark.exercise(exercise_id, edit=edit)


def beside(kata: str, file: str, name: str) -> str:
    """The application ``name`` in a ``file`` that lies beside the ``kata`` (its ``__file__``)."""
    return f"{Path(kata).with_name(file)}:{name}"


def tier(name: str) -> pytest.MarkDecorator:
    """Marks a test by what it looks at: ``static``, the text of files; ``image``; ``behavior``, a container. The last two need an engine."""
    return pytest.mark.tier(name)
