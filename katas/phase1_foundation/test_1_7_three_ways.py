"""1.7 · /predict/sync, /predict/async and /predict/broken wait as their names say."""

import asyncio

from dojo.kata import Functions, Observation, Red, Rounds, ServiceStarter, exercise, held_loop, hold_in_rounds, quoted, where
from katas.phase1_foundation.predicting import OtherModel, same
from katas.phase1_foundation.waiting import (
    LOGICAL,
    check_answers,
    different,
    observe_forever,
    observe_rounds,
    observe_waits,
    slept_although_zero,
    timed,
)

pytestmark = exercise("1.7", edit="app/routers/compare.py")

PAYLOAD = {"feature_1": 0.75, "feature_2": -1.25}
PATHS = ("/predict/sync", "/predict/async", "/predict/broken")
#: What no PredictRequest takes.
BAD = (
    '{"feature_1": 1.0}', '{"feature_1": 1.0, "feature_2": "many"}', '{"feature_1": 1.0, "feature_2": 2.0, "feature_3": 3.0}',
    '{"feature_1": NaN, "feature_2": 2.0}', '{"feature_1": 1.0, "feature_2": 1e999}', "[1.0, 2.0]",
)
#: As many as the smallest pool of threads that a right answer may use: asyncio's default on one CPU.
TOGETHER = 5
#: On the event loop any number waits together: these are more than a pool of threads has.
CROWD = 48
#: Requests that hold the loop one after another: enough to see that each does, and few, as each takes its whole wait.
IN_TURN = 3


def on_threads(seen: Observation) -> int:
    """How many of the requests waited on a thread that isn't the loop's."""
    if seen.held:
        return sum(arrival["place"] == "pool" for arrival in seen.held)
    return sum(place["count"] for place in seen.seen.get("standing", ()) if place.get("pool"))


def elsewhere(seen: Rounds, place: str) -> str:
    """Where a part of the wait is that isn't spent in ``place``; empty when there is none."""
    for number, held in enumerate(seen.rounds, 1):
        other = next((arrival for arrival in held if arrival["place"] != place), None)
        if other is not None:
            on = {"pool": "on threads", "loop": "on the event loop", "blocking": "on the event loop, which it holds"}[other["place"]]
            place_of_it = other["frame"] or next(iter(seen.stood[number - 1]), None)
            return f"Part {number} of the wait is spent {on}, at {where(place_of_it)}:{quoted(place_of_it)}"
    return ""


def the_wait(seen: Observation) -> str:
    """The line at which the requests wait."""
    places = [arrival["frame"] for arrival in seen.held if arrival["frame"]]
    told = f"\nThe wait is at {where(places[0])}:{quoted(places[0])}" if places else ""
    for place in seen.seen.get("standing", ())[:2]:
        if not places or place["line"] != places[0]["line"]:
            told += f"\n{place['count']} stood at {where(place)}:{quoted(place)}"
    return told


async def test_all_three_answer_as_predict_does(service: ServiceStarter) -> None:
    """Each of the three answers 200 with the model's prediction, at once when INFERENCE_SECONDS is 0; and 422 to bad input."""
    other = OtherModel.drawn()
    api = await service(inference_seconds=0, options={"overlay": other.overlay})

    for path in PATHS:
        slept = []
        for payload in (PAYLOAD, *different(3)):
            answer = await api.post(path, json=payload)
            slept += await slept_although_zero(api, path)
            await api.expect(200, answer)
            expected = other.answer(**payload)
            assert same(expected, answer.json()), (
                "The kata has put another model in the place of app/model.py, with a predict() and a MODEL_VERSION of its own.\n"
                f"For {payload} POST {path} answered\n    {answer.text}\nbut that model says\n    {expected}"
            )
        assert not slept, (
            f"With INFERENCE_SECONDS=0 a request to {path} slept for {slept[0]['seconds']:g} s at "
            f"{where(slept[0]['frame'])}:{quoted(slept[0]['frame'])}\n"
            "The wait doesn't come from app.settings.settings.inference_seconds, or a 0 there is taken for none that was set."
        )
        for body in BAD:
            answer = await api.post(path, content=body, headers={"content-type": "application/json"})
            await api.expect(422, answer, why=f"The body of POST {path} was {body}. An endpoint that takes a PredictRequest gets this for nothing.")


async def test_each_waits_for_the_setting(service: ServiceStarter) -> None:
    """No answer comes before INFERENCE_SECONDS have passed."""
    wait = 0.25

    async def alone(path: str) -> None:
        """On a service of its own: who holds the loop makes the others late as well."""
        await timed(await service(inference_seconds=wait), path, PAYLOAD, wait, service)

    async with asyncio.TaskGroup() as group:
        for path in PATHS:
            group.create_task(alone(path))


async def test_sync_waits_on_threads_of_the_pool(service: ServiceStarter, reference: Functions) -> None:
    """Requests to /predict/sync wait together, each on a thread of the pool, from the beginning of their wait to its end."""
    payloads = different(TOGETHER)
    seen = await observe_waits(service, "/predict/sync", payloads)

    if seen.blocks or not seen.together:
        raise Red(seen.why_not_together())
    assert TOGETHER == on_threads(seen), (
        f"{TOGETHER} requests to /predict/sync waited together, and {on_threads(seen)} of them were seen on threads of the pool. To wait on "
        f"the event loop is what /predict/async is for.{the_wait(seen)}"
    )
    assert seen.health is not False, "/health did not answer while requests waited in it."
    await check_answers(reference, seen, payloads)
    if not seen.held:
        return
    api = await service(inference_seconds=LOGICAL)
    rounds = await observe_rounds(service, "/predict/sync", payloads, seen, api)
    if rounds.blocks or not rounds.together:
        raise Red(rounds.why_not_together())
    assert not elsewhere(rounds, "pool"), f"{elsewhere(rounds, 'pool')}\nIn /predict/sync the whole of it belongs on a thread of the pool."
    again = await hold_in_rounds(api, "/predict/sync", TOGETHER, payloads, wait=LOGICAL)
    assert rounds.threads & again.threads, (
        f"{2 * TOGETHER} requests, {TOGETHER} and then {TOGETHER}, waited on {len(rounds.threads | again.threads)} threads: each has one made "
        "for it, which costs more than to lend one. A pool's threads come back: those of FastAPI's pool are for `def` endpoints."
        f"{the_wait(again)}"
    )


async def test_async_waits_on_the_loop(service: ServiceStarter, reference: Functions) -> None:
    """Requests to /predict/async wait together on the event loop's own thread, from the beginning of their wait to its end."""
    payloads = different(TOGETHER)
    seen = await observe_waits(service, "/predict/async", payloads)

    if seen.blocks or not seen.together:
        raise Red(seen.why_not_together())
    assert 0 == on_threads(seen), (
        f"{TOGETHER} requests to /predict/async waited together, but {on_threads(seen)} of them on threads that aren't the loop's: that is what "
        f"/predict/sync is for. On the event loop no request needs a thread to wait.{the_wait(seen)}"
    )
    assert seen.health is not False, "/health did not answer while requests waited in it."
    await check_answers(reference, seen, payloads)
    if not seen.held:
        return
    rounds = await observe_rounds(service, "/predict/async", different(CROWD), seen)
    if rounds.blocks:
        raise Red(rounds.why_not_together())
    assert not elsewhere(rounds, "loop"), f"{elsewhere(rounds, 'loop')}\nIn /predict/async the whole of it belongs on the event loop, awaited."
    if not rounds.together:
        raise Red(f"{rounds.why_not_together()}\n\nOn the event loop a request that waits costs a timer: any number of them wait together.")


async def test_broken_holds_the_loop(service: ServiceStarter) -> None:
    """A request to /predict/broken holds the event loop for the whole wait: the next one and /health must wait for it."""
    seen = await observe_waits(service, "/predict/broken", different(IN_TURN))

    why = "A broken endpoint that isn't broken has nothing to show: it is here to be seen and measured."
    if not seen.blocks:
        how = (f"{seen.waiting} of {IN_TURN} requests waited on {'threads of the pool' if on_threads(seen) else 'the event loop'} "
               "and the loop was free meanwhile")
        if not seen.held:
            how = f"the quickest answer came after {min(seen.latencies, default=0):.3f} s" if seen.answered else "they were not all answered"
        health = ", and /health was answered" if seen.health else ""
        raise Red(f"{IN_TURN} requests to /predict/broken were sent together; {how}{health}. It isn't broken.{the_wait(seen)}\n\n{why}")
    assert not seen.after["gave_the_loop_back"], (
        f"The requests to /predict/broken hold the loop in turns: between two sleeps the loop is given back, and serves others.\n"
        f"{held_loop(seen.blocks[0])}\n\n{why}"
    )
    blocking = [arrival["seconds"] for arrival in seen.after["arrivals"] if arrival["place"] == "blocking"]
    asleep = (sum(blocking) + seen.after["slept_on_loop"]) / IN_TURN
    held = max(asleep, *(block.get("wall", block["seconds"]) for block in seen.blocks))
    free = [arrival for arrival in seen.after["arrivals"] if arrival["place"] == "loop"]
    # How long a sleep was asked to be is known exactly. How long a computation took is measured, and so is a wait of several
    # sleeps until a deadline, whose last ones aren't asked for when the machine was late with the first.
    exact = asleep >= 0.8 * seen.wait and len(blocking) <= IN_TURN and not seen.after["slept_on_loop"]
    held = asleep if exact else held
    wholly = held >= (0.99 if exact else 0.8) * seen.wait
    if free:
        raise Red(f"{len(free)} of the waits of {IN_TURN} requests to /predict/broken leave the event loop free, at "
                  f"{where(free[0]['frame'])}:{quoted(free[0]['frame'])}\n{why}")
    told = f"/predict/broken holds the event loop for {held:.2f} s of the {seen.wait:.2f} s that it waits."
    assert wholly, f"{told}\n{held_loop(seen.blocks[0])}\n\n{why}"
    short = [latency for latency in seen.latencies if latency < 0.99 * seen.wait]
    assert not short, (
        f"An answer of /predict/broken came after {min(short):.3f} s: not every request waits for INFERENCE_SECONDS, "
        f"which was {seen.wait:g}."
    )
    alone = await observe_forever(service, "/predict/broken", different(1), seen) if seen.held else None
    assert alone is None or alone.shortest_wait >= 0.99 * alone.wait, (
        f"With INFERENCE_SECONDS={alone.wait:g} a request to /predict/broken held the event loop for {alone.shortest_wait:.2f} s. "
        f"It has to hold it for the whole of it, however long that is.{the_wait(alone)}"
    )
