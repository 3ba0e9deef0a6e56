"""1.2 · The two models take what they should, and say which field is wrong."""

import json
from itertools import product
from typing import Any

import pytest_asyncio
from hypothesis import example, given
from hypothesis import strategies as st

from dojo.kata import Service, ServiceStarter, beside, exercise, listed
from katas.phase1_foundation.strategies import finite, quick

pytestmark = exercise("1.2", edit="app/schemas.py")

SERVICE = beside(__file__, "_schema_service.py", "app")
FIELDS = ("feature_1", "feature_2")
WHY_FINITE = (
    "Python's JSON parser takes NaN and Infinity, and reads 1e999 as infinity; a plain `float` lets "
    "them through to the model, which answers with nonsense instead of an error."
)
#: Names that can be shown as they are; some begin as a known field does.
NAMES = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z", "M")), min_size=1, max_size=12),
    st.tuples(st.sampled_from(FIELDS), st.sampled_from(("_", "2", ".", "s", "-old"))).map("".join),
)
WHY_UNKNOWN = "A misspelled field that is dropped in silence costs a client hours; a 422 costs a second."


@pytest_asyncio.fixture(scope="module")
async def schemas(lasting_service: ServiceStarter) -> Service:
    """A service with the learner's models and nothing else of the learner's."""
    return await lasting_service(app=SERVICE)


def body(**fields: Any) -> str:
    """A request's body; NaN and the infinities as Python's JSON writes them."""
    return json.dumps(fields)


def written(number: float) -> str:
    """A number as it is written, with the sign of -0.0, which compares as equal to 0."""
    return repr(float(number))


async def send(api: Service, content: str, path: str = "/request") -> Any:
    """The answer to ``content`` as JSON."""
    return await api.post(path, content=content, headers={"content-type": "application/json"})


def told(detail: Any) -> tuple[set[str], str]:
    """The fields that a 422's ``detail`` says are wrong, and its words; an HTTPException of the learner's has words alone."""
    if isinstance(detail, list) and all(isinstance(e, dict) and "loc" in e and "msg" in e for e in detail):
        return {part for e in detail for part in e["loc"]}, " ".join(e["msg"] for e in detail)
    return set(), detail if isinstance(detail, str) else json.dumps(detail, ensure_ascii=False)


async def refused(api: Service, content: str, field: str, why: str = "") -> None:
    """Checks that ``content`` is answered with a 422 that names ``field`` and no field that is right."""
    answer = await send(api, content)
    if answer.status_code == 500:
        await api.expect(422, answer)
    assert 422 == answer.status_code, f"{content} was answered with {answer.status_code}, not with 422.\n{why}"
    detail = answer.json()["detail"]
    named, said = told(detail)
    spelled = (field, repr(field)[1:-1], json.dumps(field)[1:-1], json.dumps(field, ensure_ascii=False)[1:-1])
    assert field in named or any(spelling in said for spelling in spelled), (
        f"{content} was refused, but the 422 does not name {field!r}; "
        + (f"its `loc` has only {listed([repr(n) for n in sorted(named)]) or 'nothing'}.\n" if isinstance(detail, list)
           else f"its `detail` is {said[:100]!r}.\n") +
        "A check of one field belongs to that field: then the error says where it is."
    )
    # A message about an unknown field may well say which ones there are.
    innocent = [f for f in FIELDS if f != field and (f in named or (field in FIELDS and field not in named and f in said))]
    assert not innocent, f"The 422 for {content} names {listed(innocent)} as well, with which nothing is wrong."


async def test_a_request_holds_two_numbers(schemas: Service) -> None:
    """{"feature_1": 1.5, "feature_2": -2.0} is taken, and both fields hold what was sent."""
    content = body(feature_1=1.5, feature_2=-2.0)

    answer = await send(schemas, content)

    why = "Two floats are all that a prediction needs. (/request is an endpoint of this kata's own, which takes your PredictRequest.)"
    await schemas.expect(200, answer, why=why)
    assert {"feature_1": 1.5, "feature_2": -2.0} == answer.json(), f"{content} came back as {answer.text}"


@quick
@given(feature_1=finite, feature_2=finite)
@example(1.7976931348623157e308, 5e-324)
@example(-1.7976931348623157e308, -1.7976931348623157e308)
@example(5e-324, 1.7976931348623157e308)
@example(0.0, 0.0)
@example(-0.0, 0.1)
@example(-3, 12)
async def test_every_finite_pair_comes_back_unchanged(schemas: Service, feature_1: float, feature_2: float) -> None:
    """Any two finite numbers are taken and come back exactly as they were sent."""
    content = body(feature_1=feature_1, feature_2=feature_2)

    answer = await send(schemas, content)

    await schemas.expect(200, answer, why=f"The request was {content}: the type of a field is the only limit on it.")
    got = answer.json()
    assert list(map(written, (feature_1, feature_2))) == list(map(written, (got["feature_1"], got["feature_2"]))), (
        f"{content} came back as {answer.text}\nA model must be asked about the very numbers that were sent."
    )


async def test_a_missing_field_is_named(schemas: Service) -> None:
    """A request without one of the fields is a 422 that names it."""
    for field, other in zip(FIELDS, reversed(FIELDS), strict=True):
        await refused(schemas, body(**{other: 1.0}), field, "There is no sensible default for a feature.")


async def test_what_is_no_number_is_refused(schemas: Service) -> None:
    """A field that holds a text, null, a list or an object is a 422 that names it."""
    for field, value in product(FIELDS, ("many", "", " ", "1,5", "n/a", "NA", "null", None, [], [1.0], {}, {"value": 1.0})):
        await refused(schemas, body(**{**dict.fromkeys(FIELDS, 1.0), field: value}), field)


async def test_a_text_or_a_bool_is_taken_as_its_number_or_refused(schemas: Service) -> None:
    """"1.5" is taken as 1.5 and true as 1.0, or else refused; both fields do the same."""
    for value, number in (("1.5", 1.5), ("-2", -2.0), (True, 1.0), (False, 0.0)):
        taken = {}
        for field in FIELDS:
            content = body(**{**dict.fromkeys(FIELDS, 0.25), field: value})
            answer = await send(schemas, content)
            taken[field] = answer.status_code == 200
            if not taken[field]:
                await refused(schemas, content, field)
                continue
            got = answer.json()[field]
            assert type(got) in (int, float), f"{content} came back as {answer.text}\nThe field is a float: the model has to get a number."
            assert number == got, f"{content} came back as {answer.text}\nIt is taken as {number} or refused."
        taking, refusing = ([f for f in FIELDS if taken[f] is each] for each in (True, False))
        assert not taking or not refusing, (
            f"{listed(taking)} takes {json.dumps(value)} as a number, {listed(refusing)} refuses it.\n"
            "Whether it counts is your choice, but a client has to learn it once, not for each field."
        )


async def test_what_is_not_finite_is_refused(schemas: Service) -> None:
    """NaN, the infinities and whole numbers that no float can hold are a 422 that names the field."""
    for field, value in product(FIELDS, ("NaN", "Infinity", "-Infinity", "1e999", "1" + 400 * "0")):
        content = body(**{**dict.fromkeys(FIELDS, 1.0), field: "@"}).replace('"@"', value)
        await refused(schemas, content, field, WHY_FINITE)


async def test_a_text_that_is_not_finite_is_refused(schemas: Service) -> None:
    """The texts "NaN", "inf" and "1e999" are a 422 that names the field, whether texts count as numbers or not."""
    for field, value in product(FIELDS, ("NaN", "nan", "inf", "-inf", "Infinity", "-Infinity", "1e999")):
        await refused(schemas, body(**{**dict.fromkeys(FIELDS, 1.0), field: value}), field, WHY_FINITE)


@quick
@given(name=NAMES.filter(lambda name: name not in FIELDS), value=st.sampled_from((3.0, None, "", False, [])))
@example("feature_3", 3.0)
@example("feature_3", None)
@example("feature_12", 3.0)
@example("model_config", 3.0)
@example("Feature_1", 3.0)
async def test_an_unknown_field_is_refused(schemas: Service, name: str, value: Any) -> None:
    """A field that the model doesn't know is a 422 that names it, whatever it holds."""
    await refused(schemas, body(feature_1=1.0, feature_2=2.0, **{name: value}), name, WHY_UNKNOWN)


async def test_the_schema_has_two_fields(schemas: Service) -> None:
    """The JSON schema of PredictRequest has the two features and nothing else, both required."""
    answer = await schemas.get("/openapi.json")

    await schemas.expect(200, answer)
    described = answer.json()
    schema = described["paths"]["/request"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    if "$ref" in schema:
        schema = described["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    fields = sorted(schema.get("properties", {}))
    assert sorted(FIELDS) == fields, (
        f"PredictRequest has the fields {listed(fields) or 'nothing'}, not {listed(FIELDS)}.\n"
        "What a client may send is what it will send some day: each further name is one more thing to keep."
    )


async def test_what_is_no_object_is_refused(schemas: Service) -> None:
    """A body that is no JSON object is a 422."""
    for content in ("[1.0, 2.0]", "1.0", "null", '"text"', '{"feature_1": 1.0,'):
        await schemas.expect(422, await send(schemas, content), why=f"The body was {content}")


async def test_a_response_holds_prediction_and_version(schemas: Service) -> None:
    """PredictResponse takes a probability and a text, and holds what it was given."""
    for prediction, version in product((0.25, 0.12345678901234566, 0.0, 1.0, 5e-324), ("1.0.0", "2", "2.10.0-RC.1+build 7")):
        content = body(prediction=prediction, model_version=version)

        answer = await send(schemas, content, "/response")

        await schemas.expect(200, answer, why=f"PredictResponse was made of {content}")
        assert {"prediction": prediction, "model_version": version} == answer.json(), (
            f"PredictResponse was made of {content} and is sent as {answer.text}"
        )


async def test_a_response_holds_no_other_field(schemas: Service) -> None:
    """PredictResponse sends two fields, whatever else it was made of; or else it can't be made."""
    content = body(prediction=0.5, model_version="1.0.0", debug="secret")

    answer = await send(schemas, content, "/response")

    if answer.status_code == 422:
        return
    await schemas.expect(200, answer, why=f"PredictResponse was made of {content}")
    assert {"prediction", "model_version"} == answer.json().keys(), (
        f"PredictResponse was made of {content} and is sent as {answer.text}\n"
        "What a response has no field for must not leak: an internal note, a stack trace, somebody's data."
    )


async def test_a_response_needs_both_fields(schemas: Service) -> None:
    """PredictResponse without a number and a text can't be made."""
    for field, value in product(("prediction", "model_version"), ("missing", None, ["many"])):
        fields: dict[str, Any] = {"prediction": 0.5, "model_version": "1", field: value}
        if value == "missing":
            del fields[field]

        answer = await send(schemas, body(**fields), "/response")

        if answer.status_code == 500:
            await schemas.expect(422, answer)
        assert 422 == answer.status_code, (
            f"PredictResponse was made of {fields}. A client relies on both fields in every answer: a service "
            "that can't fill them has to fail, not to send half of one."
        )


async def test_a_response_holds_the_types_that_it_says(schemas: Service) -> None:
    """PredictResponse is sent with a number and a text, whatever it was made of; or else it can't be made."""
    good: dict[str, Any] = {"prediction": 0.5, "model_version": "1.0.0"}
    for field, value in (
        ("prediction", "high"), ("prediction", "n/a"), ("prediction", ""), ("prediction", "0.5"), ("prediction", True),
        ("model_version", 2), ("model_version", 2.5), ("model_version", True),
    ):
        fields = {**good, field: value}

        answer = await send(schemas, body(**fields), "/response")

        if answer.status_code == 422:
            continue
        await schemas.expect(200, answer, why=f"PredictResponse was made of {fields}")
        sent = answer.json()
        right = type(sent.get("prediction")) in (int, float) and isinstance(sent.get("model_version"), str)
        assert right, (
            f"PredictResponse was made of {fields} and is sent as {answer.text}\n"
            "Clients are written for a number and a text: what is of another type is refused here, or breaks there."
        )
