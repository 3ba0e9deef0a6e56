"""What grading asks beside the katas: inputs that the judge draws for this run alone, and waits that are seen from outside.

A kata sees a service from within, to say which line is at fault. A program could falsify that; what comes out of its port at which time it
can't. So what grading adds trusts nothing but answers and the judge's own clock. It accepts whatever the katas accept.
"""

import asyncio
import random
import re
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pytest
from prometheus_client.parser import text_string_to_metric_families

from dojo.kata import Answer, Call, Functions, Inconclusive, Red, Server, Service, ServiceStarter, Upstream, exercise
from dojo.workspace import SOLUTIONS
from katas.exam.crowd import WAITS, Reply, ask, crowd
from katas.phase3_load_testing import test_3_3_run, test_3_4_results, test_3_6_compare
from katas.phase3_load_testing.tables import Row, Table

MAIN, PREDICT, COMPARE, METRICS = "app/main.py", "app/routers/predict.py", "app/routers/compare.py", "app/metrics.py"
#: More than the threads of the default pool, which are 40.
MANY = 64


def features() -> dict[str, float]:
    """A valid request to /predict."""
    return {"feature_1": round(random.uniform(-4, 4), 6), "feature_2": round(random.uniform(-4, 4), 6)}


async def right_answers(replies: list[Reply], payloads: list[dict[str, float]], reference: Functions, wait: float) -> None:
    """Raises `Red` unless each reply is a prediction for its own payload that came no earlier than the wait."""
    for reply, payload in zip(replies, payloads, strict=True):
        if reply.status != 200:
            raise Red(f"One of {len(replies)} requests that were sent together was answered {reply.status or 'not at all'}, expected 200.")
        expected = await reference.call("app.model:predict", payload["feature_1"], payload["feature_2"])
        told = reply.data()
        got = told.get("prediction") if isinstance(told, dict) else None
        if not isinstance(got, int | float) or not expected - 1e-9 <= got <= expected + 1e-9:  # neither is NaN, nor what no float can hold
            raise Red(f"For {payload} the answer was {reply.body[:200]!r}, and the model says {expected}.")
        if reply.took < 0.9 * wait:
            raise Red(f"An answer came {reply.took:.3f} s after its request, and INFERENCE_SECONDS was {wait}: nothing was waited for.")


async def wait_together(service: ServiceStarter, reference: Functions, path: str, count: int) -> None:
    """All of ``count`` requests wait together, and /health answers before any of them has waited to its end."""
    slow = early = 0.0
    for wait in WAITS:
        api = await service(inference_seconds=wait)
        payloads = [features() for _ in range(count)]
        asked = asyncio.create_task(crowd(api.url, "POST", path, payloads, wait))
        await asyncio.sleep(wait / 4)
        health = await ask(api.url, "GET", "/health", patience=2 * wait + 4)
        replies = await asked
        await api.close()
        if all(reply.status for reply in replies):
            await right_answers(replies, payloads, reference, wait)
        slow, early = max(reply.took for reply in replies) - wait, min(reply.answered for reply in replies)
        if slow < wait / 2 and health.answered < early:
            return
    raise Inconclusive(
        f"Seen from within, requests to {path} wait together. From outside, {count} of them that were each to wait {WAITS[-1]:g} s came up to "
        f"{slow:.1f} s later than that, or /health was answered only after one of them. Either this machine stands still, or what was seen from "
        "within is not what happens: a person has to look.")


@exercise("1.1", edit=MAIN)
async def test_health_answers_whatever_stands_behind_it(service: ServiceStarter) -> None:
    """GET /health is healthy, whatever query and headers come with it."""
    api = await service()
    for _ in range(3):
        name = f"{random.getrandbits(40):x}"
        answer = await api.get(f"/health?probe={name}", headers={"X-Probe": name})
        await api.expect(200, answer)
        assert {"status": "healthy"} == answer.json(), f"GET /health answered {answer.text}"


@exercise("1.5", edit=PREDICT)
async def test_predictions_wait_together_seen_from_outside(service: ServiceStarter, reference: Functions) -> None:
    """Requests that are sent together are answered together, each with its own prediction, and /health before them."""
    await wait_together(service, reference, "/predict", MANY)


@exercise("1.7", edit=COMPARE)
async def test_async_waits_together_seen_from_outside(service: ServiceStarter, reference: Functions) -> None:
    """Requests to /predict/async are answered together, and /health before them."""
    await wait_together(service, reference, "/predict/async", MANY)


@exercise("1.7", edit=COMPARE)
async def test_sync_waits_together_seen_from_outside(service: ServiceStarter, reference: Functions) -> None:
    """As many requests to /predict/sync as any pool has threads for are answered together, and /health before them."""
    await wait_together(service, reference, "/predict/sync", 4)  # asyncio's own pool has five on a machine with one CPU


@exercise("1.7", edit=COMPARE)
async def test_broken_answers_one_after_the_other_seen_from_outside(service: ServiceStarter, reference: Functions) -> None:
    """Each answer of /predict/broken comes a whole wait after the one before it."""
    wait, payloads = 0.25, [features() for _ in range(4)]
    api = await service(inference_seconds=wait)

    replies = await crowd(api.url, "POST", "/predict/broken", payloads, len(payloads) * wait + 4)

    await right_answers(replies, payloads, reference, wait)
    first, last = min(reply.answered for reply in replies), max(reply.answered for reply in replies)
    assert last - first > 0.9 * wait * (len(payloads) - 1) - 0.1, (
        f"{len(payloads)} answers of /predict/broken came within {last - first:.2f} s, and each holds the loop for {wait} s.")


@exercise("A", edit="app/routers/users.py")
async def test_a_user_that_was_just_added_is_found(service: ServiceStarter, database: Server) -> None:
    """A row that nobody could know before is read from the database."""
    import psycopg

    number, name = random.randrange(10**6, 10**9), f"{random.getrandbits(60):x}"
    api = await service(database_url=database.url)
    async with await psycopg.AsyncConnection.connect(database.direct, autocommit=True) as connection:
        await connection.execute("insert into users values (%s, %s, %s)", (number, name, f"{name}@example.com"))
        try:
            answer = await api.get(f"/users/{number}")
        finally:
            await connection.execute("delete from users where user_id = %s", (number,))
    await api.expect(200, answer, why="The row was added to the table `users` a moment before.")
    assert {"user_id": number, "name": name, "email": f"{name}@example.com"} == answer.json(), f"GET /users/{number} answered {answer.text}"


@exercise("B", edit="app/routers/weather.py")
async def test_the_weather_is_what_the_upstream_says_now(service: ServiceStarter, upstream: Callable[..., Awaitable[Upstream]]) -> None:
    """What the weather service says, in any city, at any time."""
    said: dict[str, Any] = {}

    def weather(call: Call) -> Answer:
        said["city"] = unquote(call.details["target"].rpartition("/")[2])
        said["told"] = {"temperature": random.randint(-400, 400) / 8, "conditions": f"{random.getrandbits(40):x}"}
        return Answer(json=said["told"])

    up = await upstream("the weather service", weather)
    api = await service(weather_url=up.url)
    city = f"City {random.getrandbits(40):x}"
    for _ in range(2):
        answer = await api.get(f"/weather/{quote(city)}")
        await api.expect(200, answer)
        assert {"city": city, **said["told"]} == answer.json(), f"The weather service said {said}, the answer was {answer.text}"


@exercise("E", edit="app/routers/cache.py")
async def test_a_value_that_was_just_stored_is_found(service: ServiceStarter, cache: Server) -> None:
    """A key and a value that nobody could know before are read from the cache, and are a miss once they are gone."""
    import redis.asyncio as redis

    key, value = f"{cache.prefix}{random.getrandbits(40):x}", f"{random.getrandbits(60):x}"
    api = await service(redis_url=cache.url)
    async with redis.Redis.from_url(cache.direct) as client:
        for held in (value, None):
            await (client.delete(key) if held is None else client.set(key, held))
            answer = await api.get(f"/cache/{key}")
            await api.expect(200, answer)
            assert {"key": key, "value": held, "hit": held is not None} == answer.json(), (
                f"The cache holds {held!r} for the key {key!r}, and the answer was {answer.text}")


@exercise("2.5", edit=METRICS)
async def test_the_percentile_of_what_was_drawn(learner: Functions) -> None:
    """The percentile of samples that were drawn for this run."""
    for _ in range(20):
        values = [random.uniform(0, 10) for _ in range(random.randint(1, 400))]
        p = random.randint(0, 100)
        expected = sorted(values)[max(1, -(-p * len(values) // 100)) - 1]
        got = await learner.call("app.metrics:percentile", values, p)
        assert expected == got, f"percentile() of {len(values)} samples, p = {p}, is {expected}, and {got} was returned. They begin {values[:6]}."


async def counted(api: Service, route: str) -> float:
    """How many requests to a route /metrics has counted."""
    families = text_string_to_metric_families((await api.get("/metrics")).text)
    return sum(sample.value for family in families for sample in family.samples
               if sample.name == "http_requests_total" and sample.labels.get("route") == route)


def solved(*files: str) -> dict[str, Any]:
    """With these files from solutions/, as an exercise must not be red for what belongs to another."""
    return {"overlay": {file: (SOLUTIONS / file).read_text(encoding="utf-8") for file in files}}


@exercise("2.3", edit="app/middleware.py")
async def test_the_process_time_is_between_the_wait_and_what_was_waited(service: ServiceStarter) -> None:
    """X-Process-Time is no less than the endpoint waits, and no more than the judge waited for the answer."""
    wait = round(random.uniform(0.05, 0.2), 3)
    api = await service(inference_seconds=wait, options=solved(MAIN, PREDICT, "app/schemas.py"))
    for _ in range(3):
        began = time.perf_counter()
        answer = await api.post("/predict", json=features())
        took = time.perf_counter() - began
        await api.expect(200, answer)
        told = answer.headers.get("x-process-time", "missing")
        assert re.fullmatch(r"[0-9.eE+-]+", told), f"X-Process-Time is {told}, expected seconds."
        assert 0.95 * wait <= float(told) <= took + 0.001, (
            f"X-Process-Time is {told}. The endpoint waited {wait} s, and the judge {took:.3f} s for the answer.")


@exercise("2.6", edit="app/routers/metrics.py")
async def test_metrics_count_what_was_sent(service: ServiceStarter) -> None:
    """As many requests as the judge has sent stand in /metrics."""
    api = await service(options=solved(MAIN, "app/middleware.py", METRICS))
    sent = random.randint(3, 17)
    for _ in range(sent):
        await api.get("/health")
    told = await counted(api, "/health")
    assert sent == told, f"{sent} requests to /health were sent, and /metrics says {told:g}."


@exercise("2.7", edit=MAIN)
async def test_as_many_are_observed_as_were_sent(service: ServiceStarter) -> None:
    """As many requests as the judge has sent, to a route and past all of them, are told by an application put together by create_app()."""
    api = await service(options=solved("app/middleware.py", METRICS, "app/routers/metrics.py"))
    for path, route, sent in (("/health", "/health", random.randint(3, 17)), (f"/{random.getrandbits(40):x}", "(unknown)", random.randint(3, 17))):
        for _ in range(sent):
            await api.get(path)
        told = await counted(api, route)
        assert sent == told, f"{sent} requests to {path} were sent, and /metrics says {told:g} for the route {route}."


def times() -> tuple[int, int, int]:
    """Percentiles 50, 95 and 99 in milliseconds, far from each other."""
    p50 = random.randint(20, 400)
    return p50, p50 + random.randint(50, 900), p50 + random.randint(1000, 3000)


def statistics() -> Table:
    """The statistics of a run that never was."""
    rows = [Row(f"/{random.getrandbits(32):x}", count := random.randint(20, 4000), random.randint(0, count), times(), random.choice(("GET", "POST")))
            for _ in range(random.randint(1, 4))]
    return Table(rows, round(random.uniform(1, 60), 2), times())


@exercise("3.3", edit=("app/loadtest/run.py", "locust.conf"))
@pytest.mark.live
async def test_the_load_that_was_drawn_is_put_on(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """Locust is started with the users, their number and the rate that were drawn."""
    name, path = random.choice((("FirstUser", "GET /first"), ("SecondUser", "GET /second")))
    users, rate = random.randint(2, 9), random.randint(10, 40) / 2
    target = await Upstream("the service", lambda call: Answer(json={})).start()
    try:
        arguments = [target.url, name, users, rate, 2.0]
        outcome, = await test_3_3_run.outcomes(request.config, tmp_path, test_3_3_run.Attempt(arguments, service=target))
    finally:
        await target.stop()

    test_3_3_run.came_to_something(outcome, len(outcome.calls))
    assert outcome.path.get("exists"), f"{outcome.call} returned no path of a file that is there."
    asked = {call.text for call in outcome.calls}
    assert {path} == asked, f"{outcome.call} sent {sorted(asked)}, and {name} asks {path}."
    told = {"users": outcome.said.get("users"), "spawn_rate": outcome.said.get("spawn_rate")}
    assert {"users": users, "spawn_rate": rate} == told, f"{outcome.call} started Locust with {told}."


@exercise("3.4", edit="app/loadtest/analysis.py")
async def test_the_figures_of_runs_that_were_drawn(learner: Functions, tmp_path: Path) -> None:
    """Of statistics that were drawn for this run, the figures are right."""
    tables = [statistics() for _ in range(6)]
    files = [table.write(tmp_path / f"{number}_stats.csv") for number, table in enumerate(tables)]

    for table, result in zip(tables, await test_3_4_results.summaries(learner, *files), strict=True):
        test_3_4_results.check(table, result, f"A run of {len(table.rows)} requests' names, drawn for this grade")


@exercise("3.6", edit="app/loadtest/compare.py")
async def test_runs_that_were_drawn_are_compared(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """Of three runs whose figures were drawn for this grade, the summaries and the table are right, and so was the load."""
    plan = [Table([Row(f"/predict/{name}", count := random.randint(50, 4000), random.randint(0, count // 2), times())], 18.0)
            for name in test_3_6_compare.NAMES]
    users, seconds = random.randint(2, 60), float(random.randint(2, 9))
    call, arguments = f"compare(host, {users}, {seconds}, folder)", [test_3_6_compare.HOST, users, seconds]
    functions = test_3_6_compare.in_a_host(request)
    try:
        outcome = await test_3_6_compare.Compared(functions, tmp_path)(call, arguments, into=tmp_path / "drawn", plan=plan)
    finally:
        await functions.close()

    expected = [table.summary() for table in plan]
    assert 3 == len(outcome.value), f"{call} returned {len(outcome.value)} summaries."
    for name, figures, each in zip(test_3_6_compare.NAMES, expected, outcome.value, strict=True):
        assert test_3_6_compare.agrees(figures, each), (
            f"Of {name}, Locust's figures were\n    {test_3_6_compare.lines(figures)}\n{call} returned\n    {test_3_6_compare.lines(each)}")
    test_3_6_compare.check_table(outcome)
    for run in outcome.runs:
        told = {"users": run["users"], "seconds": run["seconds"]}
        assert {"users": users, "seconds": seconds} == told, f"{call} started Locust with {told}."
