"""1.6 · Predictions of what four endpoints do, held against what they are seen to do in this run."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest_asyncio

from dojo.kata import Functions, Inconclusive, Observation, Red, ServiceStarter, beside, exercise, hold_and_ping, listed

pytestmark = exercise("1.6", edit="app/understanding.py")

SERVICE = beside(__file__, "_four_ways.py", "app")
WAIT = 0.2
#: For each experiment: the endpoint, and how many requests are sent to it. What is seen is in no file.
EXPERIMENTS = {
    "def + time.sleep": ("/def-time-sleep", 8),
    "async def + asyncio.sleep": ("/async-def-asyncio-sleep", 8),
    "async def + time.sleep": ("/async-def-time-sleep", 8),
    "def + time.sleep, 100 requests": ("/def-time-sleep", 100),
}
FIELDS = ("wait_together", "thread", "health_answers")
THREADS = ("loop", "pool")

Seen = dict[str, Any]


async def measure(service: ServiceStarter, path: str, count: int) -> tuple[Seen, Observation]:
    """What is seen of one experiment, in the form of a Prediction."""
    api = await service(app=SERVICE, wait=WAIT)
    seen = await hold_and_ping(api, path, count, {}, wait=WAIT, to_the_end=False)
    thread = "pool" if seen.places == {"pool"} else "loop"
    return {"wait_together": seen.waiting, "thread": thread, "health_answers": seen.health}, seen


def written(value: Any) -> str:
    """``value`` as the learner wrote it: a prediction comes here as a mapping."""
    if isinstance(value, dict) and tuple(value) == FIELDS:
        return f"Prediction({', '.join(f'{field}={each!r}' for field, each in value.items())})"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {written(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(written(each) for each in value)}]"
    return repr(value)


def shown(value: Any, longest: int = 120) -> str:
    """`written`, with its end cut off when it is long."""
    text = written(value)
    return text if len(text) <= longest else text[:longest] + "…"


@pytest_asyncio.fixture
async def predictions(learner: Functions) -> dict[str, Seen]:
    """What the learner expects, checked for its form alone."""
    said = await learner.call("app.understanding:predictions")
    if not isinstance(said, dict):
        raise Red(f"predictions() returned {shown(said)}, not a mapping of the experiments' names to Predictions.")
    missing = [name for name in EXPERIMENTS if name not in said]
    if missing:
        raise Red(f"predictions() says nothing of {listed([repr(name) for name in missing])}.")
    for name in EXPERIMENTS:
        prediction = said[name]
        if not isinstance(prediction, dict) or set(FIELDS) - prediction.keys():
            raise Red(f"For {name!r} there is {shown(prediction)}, not a Prediction({', '.join(FIELDS)}).")
        found = f"For {name!r} there is {shown(prediction)}: "
        if type(prediction["wait_together"]) is not int:
            raise Red(f"{found}wait_together is a whole number of requests, not {shown(prediction['wait_together'])}.")
        if prediction["thread"] not in THREADS:
            raise Red(f'{found}thread is "loop" or "pool", not {shown(prediction["thread"])}.')
        if type(prediction["health_answers"]) is not bool:
            raise Red(f"{found}health_answers is True or False, not {shown(prediction['health_answers'])}.")
    return dict(said)


def table(rows: list[tuple[str, Seen, Seen]]) -> str:
    """Predicted and seen, side by side."""
    def told(each: Seen) -> str:
        return f"{each['wait_together']} on {each['thread']}, {'yes' if each['health_answers'] else 'no'}"

    lines = [f"  {'waiting together, thread, /health':<33} {'predicted':<16} seen"]
    lines += [f"  {name:<33} {told(said):<16} {told(seen)}" for name, said, seen in rows]
    return "\n".join(lines)


async def test_predictions_are_what_is_seen(
    service: ServiceStarter, predictions: dict[str, Seen], note: Callable[[str], None]
) -> None:
    """Each prediction says what is then seen: how many wait together, on which thread, and whether /health answers."""
    seen_first = await asyncio.gather(*(measure(service, path, count) for path, count in EXPERIMENTS.values()))
    rows = []
    wrong: tuple[str, Seen, Seen, Observation] | None = None
    for (name, (path, count)), (seen, observation) in zip(EXPERIMENTS.items(), seen_first, strict=True):
        said = {field: predictions[name][field] for field in FIELDS}
        rows.append((name, said, seen))
        if seen != said:
            again, _ = await measure(service, path, count)
            if again != seen:
                raise Inconclusive(f"the machine is too busy: two measurements of {name!r} gave {seen} and {again}")
            wrong = (name, said, seen, observation)
            break
    if wrong is None:
        for line in table(rows).splitlines():
            note(line)
        return
    name, said, seen, observation = wrong
    fields = [f"{field}: you said {said[field]!r}, seen was {seen[field]!r}" for field in FIELDS if said[field] != seen[field]]
    raise Red(f"{name}:\n" + "\n".join(f"    {line}" for line in fields)
              + f"\n\n{table(rows)}\n\n{observation.bars(4)}\n\n"
              "Which thread runs the endpoint, and what else needs that thread while it waits?")
