"""B · Calls to another service wait together on the loop, and its failures are told apart."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from urllib.parse import quote, unquote

import httpx

from dojo.kata import Answer, Call, Red, Request, Service, ServiceStarter, Upstream, alone, exercise, hold, plural
from katas.phase1_5_sync_async.limits import LONG, in_time, let_go, must_not_begin_anew, must_wait_on, too_late
from katas.phase1_5_sync_async.the_loop import all_but_the_first, must_stay_free, must_stay_free_for_a_second_try

pytestmark = exercise("B", edit="app/routers/weather.py")

#: More than FastAPI's pool has threads, fewer than httpx opens connections.
TOGETHER = 64
TIMEOUT = 0.25
#: More than httpx opens connections.
FAILING = 110

Starter = Callable[..., Awaitable[Upstream]]


def weather(call: Call) -> Answer:
    """The upstream's answer: another temperature for each city."""
    city = unquote(call.details["target"].rpartition("/")[2])
    said = {"temperature": len(city) + 0.5, "conditions": f"fog over {city}"}
    return Answer(body=json.dumps(said, ensure_ascii=False).encode())  # JSON is UTF-8, and needn't be ASCII


def must_tell(city: str, answer: httpx.Response, when: str = "") -> None:
    """Raises unless ``answer`` says of ``city`` what the weather service says; ``when``: what else was going on, as a sentence."""
    expected = {"city": city, "temperature": len(city) + 0.5, "conditions": f"fog over {city}"}
    assert expected == answer.json(), f"{when} GET /weather/{city} answered {answer.text}".strip()


async def start(service: ServiceStarter, upstream: Starter, timeout: float = 2.0) -> tuple[Service, Upstream]:
    """The service and its upstream."""
    up = await upstream("the weather service", weather)
    return await service(weather_url=up.url, upstream_timeout_seconds=timeout), up


async def test_the_weather_of_a_city(service: ServiceStarter, upstream: Starter) -> None:
    """GET /weather/{city} answers 200 with city, temperature and conditions, as the weather service says."""
    api, up = await start(service, upstream)

    for city in ("Rome", "Oslo", "Rome"):
        answer = await api.get(f"/weather/{city}")

        await api.expect(200, answer, why="The weather service is at WEATHER_URL.")
        must_tell(city, answer)
    up.answer = lambda call: Answer(json={"temperature": 0, "conditions": "frost"})
    why = "The weather service said that it is 0 degrees. That is a temperature like any other, though Python takes 0 for false, and for an int."
    answer = await api.get("/weather/Kiruna")
    await api.expect(200, answer, why=why)
    assert {"city": "Kiruna", "temperature": 0, "conditions": "frost"} == answer.json(), f"{why} The answer was {answer.text}"


async def test_each_request_asks_the_upstream(service: ServiceStarter, upstream: Starter) -> None:
    """Every request asks the weather service once."""
    api, up = await start(service, upstream)

    for city in ("Rome", "Oslo", "Rome", "Rome"):
        await api.get(f"/weather/{city}")

    assert 4 == len(up.calls), f"4 requests were sent, and the weather service got {plural(len(up.calls), 'call')}. Weather changes."


async def test_a_city_is_escaped(service: ServiceStarter, upstream: Starter) -> None:
    """Whatever a city holds, it reaches the weather service as one part of the path."""
    api, up = await start(service, upstream)

    for city in ("New York", "São Paulo", "what?units=f", "a#b", "100%", "%2F", "a&b=c", " Nice "):
        answer = await api.get(f"/weather/{quote(city, safe='')}")

        await api.expect(200, answer, why=f"The city was {city!r}.")
        target = up.calls[-1].details["target"]
        assert f"/weather/{city}" == unquote(target.partition("?")[0]) and "?" not in target, (  # noqa: PT018  # one statement
            f"For the city {city!r} the weather service was asked for\n    GET {target}\n"
            "What a client sends must not change the path or the query that you send."
        )
        must_tell(city, answer)


async def test_requests_wait_together(service: ServiceStarter, upstream: Starter) -> None:
    """64 requests wait for the weather service at the same time, on the loop, and /health answers meanwhile."""
    up = await upstream("the weather service", weather)
    # Without the other routers, whose pools have threads of their own.
    api = await service(weather_url=up.url, upstream_timeout_seconds=20.0, options={"overlay": alone("weather")})

    seen = await hold(api, up, [Request("GET", f"/weather/city-{number}") for number in range(TOGETHER)])

    if not seen.together:
        raise Red(seen.why_not_together())
    assert seen.health, f"/health did not answer while {TOGETHER} requests waited for the weather service."
    assert seen.threads < TOGETHER // 2, (
        f"{TOGETHER} requests waited together, and the service had {seen.threads} threads for it. This one is about the client "
        "that waits on the loop: httpx.AsyncClient."
    )
    for response in seen.wrong_answers:
        await api.expect(200, response)
    for number, request in enumerate(seen.requests):
        if request.response is not None:
            must_tell(f"city-{number}", request.response, f"{TOGETHER} requests waited together, each for another city.")


async def test_connections_are_reused(service: ServiceStarter, upstream: Starter) -> None:
    """Thirty requests, one after the other, share a few connections."""
    api, up = await start(service, upstream)

    for number in range(30):
        await api.get(f"/weather/city-{number}")

    assert up.connections <= 10, (
        f"30 requests one after the other opened {up.connections} connections to the weather service. A client that is made for each "
        "request connects anew each time, and loads the certificates anew too: keep one for the whole service."
    )


FAILURES = (
    ("answered 500", Answer(500, json={"error": "oops"})),
    ("answered 404", Answer(404, json={"error": "no such city"})),
    ("answered 302, which is no answer to the question, with a body that looks like one",
     Answer(302, json={"temperature": 1.5, "conditions": "fog"}, headers={"location": "/weather/Rome"})),
    ("answered 503 with a page of HTML", Answer(503, body=b"<html>down</html>", headers={"content-type": "text/html"})),
    ("answered 200 with what is no JSON", Answer(body=b"<html>hello</html>")),
    ("answered 200 with a page that is no JSON, nor even UTF-8", Answer(body="<html>olá</html>".encode("latin-1"))),
    ("answered 200 without the temperature", Answer(json={"conditions": "fog"})),
    ("answered 200 without the conditions", Answer(json={"temperature": 1.5})),
    ("answered 200 with conditions that are null", Answer(json={"temperature": 1.5, "conditions": None})),
    ("answered 200 with a temperature that is no number", Answer(json={"temperature": "warm", "conditions": "fog"})),
    ("answered 200 with a list", Answer(json=[1, 2])),
    ("hung up in the middle of the answer", Answer(json={"temperature": 1.5, "conditions": "fog"}, cut=9)),
    ("answered with what is no HTTP", Answer(garbage=b"\x00\x01\x02 what?\r\n\r\n")),
)


async def test_a_failing_upstream_is_a_502(service: ServiceStarter, upstream: Starter) -> None:
    """Whatever the weather service does wrong, the answer is 502, and the next good one is a 200."""
    api, up = await start(service, upstream)

    # First, as a client that is there for a second try may have other faults as well.
    for what, failing in (FAILURES[0], FAILURES[-1]):
        up.answer = lambda call, failing=failing: failing
        up.close(all_but_the_first())
        asked = asyncio.create_task(api.get("/weather/Rome"))
        await must_stay_free_for_a_second_try(api, up, asked.done, f"The weather service {what}.")
        await asked
    for what, failing in FAILURES:
        up.answer = lambda call, failing=failing: failing
        answer = await api.get("/weather/Rome")

        await api.expect(502, answer, why=f"The weather service {what}. 502, Bad Gateway, says that it is neither the client's fault nor yours.")
        up.answer = weather
        await api.expect(200, await api.get("/weather/Rome"))
    for what, failing in (FAILURES[0], FAILURES[-1]):
        up.answer = lambda call, failing=failing: failing if call.details["target"] == "/weather/Rome" else weather(call)
        up.close(only=lambda call: call.details["target"] == "/weather/Oslo")
        beside = asyncio.create_task(api.get("/weather/Oslo"))
        await up.arrived(1)
        await api.get("/weather/Rome")
        up.open()
        await api.expect(200, await beside, why=(
            f"The weather service {what}, for Rome. A call for Oslo was under way beside it, and was answered with the weather there. What "
            "becomes of one request must not end those of others: they share the client, and whoever closes it takes it from all."))
    # A call that failed must give back what it has borrowed: httpx opens 100 connections, and then waits for one.
    up.answer = lambda call: FAILURES[0][1]
    why = f"The weather service {FAILURES[0][0]}, many times. A call that failed has to give its connection back."
    for _ in range(FAILING // 10):
        for answer in await asyncio.gather(*(api.get("/weather/Rome") for _ in range(10))):
            await api.expect(502, answer, why=why)
    up.answer = weather
    await api.expect(200, await api.get("/weather/Rome"), why=f"After {FAILING} calls that failed the weather service was in order again.")
    await must_stay_free(api, "The weather service failed.")


async def test_an_upstream_that_is_down_is_a_502(service: ServiceStarter, upstream: Starter) -> None:
    """While the weather service is down the answer is 502; when it is back, 200."""
    api, up = await start(service, upstream)
    await api.get("/weather/Rome")
    await up.stop()

    for _ in range(2):
        await api.expect(502, await api.get("/weather/Rome"), why="Nobody listens at WEATHER_URL any more.")

    await up.start()
    await api.expect(200, await api.get("/weather/Rome"), why="The weather service is back.")
    await must_stay_free(api, "The weather service was down.")


async def test_a_slow_upstream_is_a_504(service: ServiceStarter, upstream: Starter) -> None:
    """When the weather service doesn't answer in UPSTREAM_TIMEOUT_SECONDS, the answer is 504."""
    patient, held_on = await start(service, upstream, timeout=LONG)
    api, up = await start(service, upstream, timeout=TIMEOUT)
    await in_time(lambda: api.get("/weather/Rome"))
    held_on.close()
    up.close()

    asked_before = asyncio.create_task(patient.get("/weather/Rome", patience=LONG))
    await held_on.arrived(1)
    asked = asyncio.create_task(api.get("/weather/Rome", patience=4.0))
    try:
        done, _ = await asyncio.wait({asked}, timeout=3.5)
        anew = too_late(up.calls, TIMEOUT)
        if not done:
            raise Red(f"The weather service held its answer, and after 3.5 s there was none from /weather either, though "
                      f"UPSTREAM_TIMEOUT_SECONDS was {TIMEOUT}. Clients that wait pile up, each with what it needs.")
        ended = await let_go(up)
        if asked.exception() is None and asked.result().status_code == 504:
            await must_wait_on(patient, asked_before, TIMEOUT, "the weather service held its answers")
    finally:
        asked.cancel()
        asked_before.cancel()
        up.open()
        held_on.open()

    await api.expect(504, await asked, why=f"The weather service took longer than UPSTREAM_TIMEOUT_SECONDS, which was {TIMEOUT}.")
    if anew:
        slower, held_longer = await start(service, upstream, timeout=8 * TIMEOUT)
        await must_not_begin_anew(held_longer, slower.get("/weather/Rome", patience=LONG), 8 * TIMEOUT)
    assert ended, "The call to the weather service was still open 2 s after the client had its 504."
    await api.expect(200, await in_time(lambda: api.get("/weather/Rome")), why="After that the weather service answered at once.")
    await must_stay_free(api, "The weather service was slow.")


async def test_an_upstream_that_falls_silent_is_a_504(service: ServiceStarter, upstream: Starter) -> None:
    """When the weather service stops in the middle of its answer and says no more, the answer is 504 as well."""
    api, up = await start(service, upstream, timeout=TIMEOUT)
    up.answer = lambda call: Answer(json={"temperature": 1.5, "conditions": "fog"}, silent=9)

    asked = asyncio.create_task(api.get("/weather/Rome", patience=4.0))
    done, _ = await asyncio.wait({asked}, timeout=3.5)
    if not done:
        asked.cancel()
        raise Red(f"The weather service began its answer, and said no more. After 3.5 s there was none from /weather either, though "
                  f"UPSTREAM_TIMEOUT_SECONDS was {TIMEOUT}. The time limit is for the whole answer, its body as well.")
    await api.expect(504, await asked, why=f"The weather service began its answer, and said no more; UPSTREAM_TIMEOUT_SECONDS was {TIMEOUT}.")
