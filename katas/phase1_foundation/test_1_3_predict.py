"""1.3 · POST /predict answers what the model says, after the time that inference takes."""

import asyncio
import random
import time

import pytest_asyncio
from hypothesis import example, given

from dojo.kata import Burst, Functions, Inconclusive, Red, Request, Service, ServiceStarter, exercise, quoted, where
from katas.phase1_foundation.predicting import OtherModel, predicted, same
from katas.phase1_foundation.strategies import finite, quick
from katas.phase1_foundation.waiting import far, slept_although_zero, timed

pytestmark = exercise("1.3", edit="app/routers/predict.py")

PAYLOAD = {"feature_1": 0.75, "feature_2": -1.25}
WHY_WAIT = "The wait stands for the time that a larger model takes; every later exercise measures what it does to other requests."


@pytest_asyncio.fixture(scope="module")
async def quick_api(lasting_service: ServiceStarter) -> Service:
    """The service with a model that takes no time."""
    return await lasting_service(inference_seconds=0)


async def test_predict_answers_what_the_model_says(quick_api: Service, reference: Functions) -> None:
    """POST /predict answers 200 with the model's prediction and version."""
    answer = await quick_api.post("/predict", json=PAYLOAD)

    await quick_api.expect(200, answer)
    expected = await predicted(reference, **PAYLOAD)
    assert same(expected, answer.json()), f"For {PAYLOAD} the answer was\n    {answer.text}\nbut app.model and its MODEL_VERSION say\n    {expected}"


@quick
@given(feature_1=finite, feature_2=finite)
@example(3.0, -8.0)
@example(-8.0, 3.0)
@example(1e308, -1e308)
@example(-1e308, 1e308)
@example(0.3, 0.7)
@example(0.3000001, 0.7)
@example(0.30000000000001, 0.7)
@example(0.3, 0.70000000000001)
@example(-1.0, 0.7)
@example(-2.0, 0.7)  # which has the same hash as -1.0
async def test_predict_is_right_for_any_input(quick_api: Service, reference: Functions, feature_1: float, feature_2: float) -> None:
    """The answer is what app.model.predict says, for any two finite numbers."""
    payload = {"feature_1": feature_1, "feature_2": feature_2}

    answer = await quick_api.post("/predict", json=payload)

    await quick_api.expect(200, answer)
    expected = await predicted(reference, **payload)
    assert same(expected, answer.json()), (
        f"For {payload} the answer was\n    {answer.text}\nbut app.model says\n    {expected}\n"
        "Each request is a question of its own: nothing may be swapped, rounded or kept from the last one."
    )


async def test_it_is_app_model_that_is_asked(service: ServiceStarter) -> None:
    """With another model in app/model.py the answers are that one's, and so is their version."""
    other = OtherModel.drawn()
    api = await service(inference_seconds=0, options={"overlay": other.overlay})

    for _ in range(3):
        payload = {"feature_1": round(random.uniform(-4, 4), 3), "feature_2": round(random.uniform(-4, 4), 3)}
        answer = await api.post("/predict", json=payload)

        await api.expect(200, answer)
        expected = other.answer(**payload)
        assert same(expected, answer.json()), (
            "The kata has put another model in the place of app/model.py, with a predict() and a MODEL_VERSION of its own.\n"
            f"For {payload} the answer was\n    {answer.text}\nbut that model says\n    {expected}\n"
            "Models are replaced, and their services stay: the numbers and the version must come from the model that is there, "
            "not from a copy of yesterday's."
        )


async def test_requests_that_overlap_are_not_mixed_up(service: ServiceStarter, reference: Functions) -> None:
    """Requests that wait at the same time get the answers to their own features."""
    api = await service(inference_seconds=0.05)
    payloads = [{"feature_1": round(random.uniform(-4, 4), 3), "feature_2": round(number - 3.5, 3)} for number in range(8)]
    await api.close_gate(arm=False)
    burst = Burst(api, [Request("POST", "/predict", {"json": payload}) for payload in payloads])
    # As many as can wait together for it; how many those are doesn't matter yet.
    await api.gather(len(payloads), patience=1.0)
    await api.open_gate()

    if not await burst.finish(patience=8.0):
        raise Red(f"{len(payloads)} requests to /predict were sent together, and not all of them were answered.")
    for payload, request in zip(payloads, burst.requests, strict=True):
        assert request.response is not None
        await api.expect(200, request.response)
        expected = await predicted(reference, **payload)
        assert same(expected, request.response.json()), (
            f"{len(payloads)} requests were sent together, with other features each. For {payload} the answer was\n"
            f"    {request.response.text}\nbut app.model says\n    {expected}\n"
            "While one request waits others begin: what belongs to a request must not lie where the next one finds it."
        )


async def test_every_request_waits(service: ServiceStarter) -> None:
    """No answer comes before INFERENCE_SECONDS have passed, neither the first nor a later one."""
    wait = 0.25
    api = await service(inference_seconds=wait)

    await timed(api, "/predict", PAYLOAD, wait, service)
    await asyncio.gather(*(timed(api, "/predict", {**PAYLOAD, "feature_1": first}, wait) for first in (PAYLOAD["feature_1"], 0.5, far())))


async def test_the_wait_follows_the_setting(quick_api: Service) -> None:
    """With INFERENCE_SECONDS=0 the answer comes at once."""
    took, refused, times = [], [], 0
    for _ in range(40):
        for body, seconds in ((PAYLOAD, took), ({}, refused)):
            sent = time.perf_counter()
            await quick_api.post("/predict", json=body)
            seconds.append(time.perf_counter() - sent)
        slept = await slept_although_zero(quick_api, "/predict")
        times += bool(slept)
        # Once may be a nap of somebody else's, within a request for which the machine took very long.
        assert times < 3, (
            f"With INFERENCE_SECONDS=0 a request slept for {slept[0]['seconds']:g} s at {where(slept[0]['frame'])}:{quoted(slept[0]['frame'])}\n"
            f"The wait doesn't come from app.settings.settings.inference_seconds.\n{WHY_WAIT}"
        )
        if took[-1] < 0.09 and not slept:
            return
    # A bad body waits for nothing: what it takes is the machine's.
    if min(refused) > 0.045:
        raise Inconclusive(f"the machine is too busy: the quickest of {len(refused)} answers that wait for nothing took {min(refused):.3f} s")
    raise Red(f"With INFERENCE_SECONDS=0 the quickest of {len(took)} answers took {min(took):.3f} s: the wait doesn't come from "
              f"app.settings.settings.inference_seconds.\n{WHY_WAIT}")


async def test_bad_input_is_refused(quick_api: Service) -> None:
    """What PredictRequest doesn't take is answered with 422."""
    for payload in ({"feature_1": 1.0}, {**PAYLOAD, "feature_2": "many"}, {**PAYLOAD, "feature_3": 1.0}, {}):
        answer = await quick_api.post("/predict", json=payload)

        await quick_api.expect(422, answer, why=f"The body was {payload}. An endpoint that takes a PredictRequest gets this for nothing.")


async def test_the_documentation_shows_both_models(quick_api: Service) -> None:
    """/openapi.json names PredictRequest as the body of POST /predict and PredictResponse as its answer."""
    answer = await quick_api.get("/openapi.json")

    await quick_api.expect(200, answer)
    operation = answer.json()["paths"].get("/predict", {}).get("post", {})
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    response = operation.get("responses", {}).get("200", {}).get("content", {}).get("application/json", {}).get("schema", {})
    for schema, model, how in ((body, "PredictRequest", "the body's type"), (response, "PredictResponse", "the type of what is returned")):
        assert model in str(schema), (
            f"The schema of POST /predict doesn't show {model}; it has {schema or 'nothing'} there.\n"
            f"FastAPI takes it from {how} in the endpoint's signature (or response_model), and clients are generated from it."
        )
