"""E · Lookups in a real Redis wait together on the loop, without a thread for each."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from functools import partial
from urllib.parse import quote

import httpx
import pytest_asyncio
import redis.asyncio as redis

from dojo.kata import Call, Inconclusive, Red, Request, Server, Service, ServiceStarter, alone, exercise, hold, plural
from katas.phase1_5_sync_async.limits import LONG, in_time, let_go, must_wait_on
from katas.phase1_5_sync_async.the_loop import must_stay_free, must_stay_free_for_a_second_try

pytestmark = exercise("E", edit="app/routers/cache.py")

TOGETHER = 200
TIMEOUT, SHORT, PATIENT = 0.5, 0.25, 3.0
#: So many lookups fail at the same time, until more have failed than there can be on their way.
AT_ONCE = 25
LENT = f"More than {TOGETHER} lookups have failed. One that fails gives back what it was lent, a connection or a slot of yours."


@pytest_asyncio.fixture
async def stored(cache: Server) -> AsyncIterator[dict[str, str]]:
    """Keys of this test alone, and what the cache holds for them."""
    run = f"{cache.prefix}{secrets.token_hex(4)}"
    values = {
        f"{run}:label": "cat", f"{run}:empty": "", f"{run}:zero": "0", f"{run}:naïve ☕": "crème brûlée", f"{run}:a b&c=d?": "odd key",
        f" {run}: padded ": "blanks too",
        f"{run}:None": "None", f"{run}:null": "null", f"{run}:json": '{"size": [1, 2]}', f"{run}:long": "x" * 20_000, f"{run}:lines": "one\r\ntwo\n",
    }
    async with redis.Redis.from_url(cache.direct) as client:
        await client.mset(values)
        yield values
        await client.delete(*values)


#: Commands that are about a connection, or only begin something.
OF_CONNECTIONS = {"HELLO", "AUTH", "CLIENT", "SELECT", "PING", "ECHO", "QUIT", "RESET", "COMMAND", "INFO", "CONFIG", "SCRIPT", "MULTI", "WATCH",
                  "UNWATCH"}


def is_lookup(call: Call) -> bool:
    """Whether a command is part of a lookup: what a client says on connecting, or to see that a connection lives, is never held."""
    return call.text.split(" ", 1)[0].upper() not in OF_CONNECTIONS


def is_any(call: Call) -> bool:
    """Whether a command is more than a new connection's greeting: a PING before each lookup is waited for like the lookup."""
    return is_lookup(call) or call.text.upper() == "PING"


async def start(service: ServiceStarter, cache: Server, timeout: float = PATIENT) -> Service:
    """The service with its cache behind the gate."""
    return await service(redis_url=cache.url, upstream_timeout_seconds=timeout)


async def test_a_value_is_found(service: ServiceStarter, cache: Server, stored: dict[str, str]) -> None:
    """GET /cache/{key} answers 200 with key, value and hit, the value as the text that was stored."""
    api = await start(service, cache)

    for again in (False, True):
        for key, value in stored.items():
            answer = await api.get(f"/cache/{quote(key, safe='')}")

            await api.expect(200, answer, why="The cache is at REDIS_URL.")
            shown = answer.text if len(answer.text) < 200 else f"{answer.text[:100]}…"
            assert {"key": key, "value": value, "hit": True} == answer.json(), (
                f"For the key {key!r} the cache {'held' if again else 'holds'} {value[:40]!r}; the answer was\n    {shown}"
                + ("\nThe first time it was right. A lookup leaves the cache as it is." if again else "")
            )


async def test_a_miss_is_no_error(service: ServiceStarter, cache: Server, stored: dict[str, str]) -> None:
    """A key that the cache doesn't know is a 200 with value null and hit false."""
    api = await start(service, cache)
    key = f"{next(iter(stored))}:missing"

    answer = await api.get(f"/cache/{key}")

    await api.expect(200, answer, why="A cache that doesn't know something is in order; whoever asks goes and computes it.")
    assert {"key": key, "value": None, "hit": False} == answer.json(), f"For a key that isn't there the answer was {answer.text}"


async def test_each_request_asks_the_cache(service: ServiceStarter, cache: Server, stored: dict[str, str]) -> None:
    """A value that changes in the cache changes in the next answer."""
    api = await start(service, cache)
    key = next(iter(stored))
    async with redis.Redis.from_url(cache.direct) as client:
        for did, value in (("was changed to 'dog'", "dog"), ("was deleted", None), ("was stored again, as 'bird'", "bird")):
            await api.get(f"/cache/{key}")
            await (client.delete(key) if value is None else client.set(key, value))

            answer = await api.get(f"/cache/{key}")

            await api.expect(200, answer)
            assert value == answer.json()["value"], (
                f"The value {did} in the cache, and the answer was still {answer.text}: it came from the service's own memory, "
                "which no other worker can see or clear."
            )


async def test_requests_wait_together(service: ServiceStarter, cache: Server, stored: dict[str, str]) -> None:
    """200 requests wait for the cache at the same time, on the loop, and /health answers meanwhile."""
    # Without the other routers, whose pools have threads of their own.
    api = await service(redis_url=cache.url, upstream_timeout_seconds=30, options={"overlay": alone("cache")})
    key = next(iter(stored))
    await api.expect(200, await api.get(f"/cache/{key}"))
    numbered = {f"{key}:{number}": f"value {number}" for number in range(TOGETHER)}
    async with redis.Redis.from_url(cache.direct) as client:
        await client.mset(numbered)
        stored.update(numbered)  # so that they are deleted as well

    together = partial(hold, api, cache.gate, [Request("GET", f"/cache/{key}") for key in numbered], only=is_any, clock=False)
    for last in (False, False, True):
        try:
            seen = await together()
            break
        except Inconclusive:  # so many connections had to be made first, and a busy machine took too long for them: most are there now
            if last:
                raise

    if not seen.together:
        raise Red(seen.why_not_together("lookup"))
    assert seen.health, f"/health did not answer while {TOGETHER} requests waited for the cache."
    assert seen.threads < TOGETHER // 2, (
        f"{TOGETHER} requests waited together, and the service had {seen.threads} threads for it: a thread costs more than the "
        "lookup. redis.asyncio waits on the loop."
    )
    for response in seen.wrong_answers:
        await api.expect(200, response)
    for (key, value), request in zip(numbered.items(), seen.requests, strict=True):
        if request.response is not None:
            assert {"key": key, "value": value, "hit": True} == request.response.json(), (
                f"{TOGETHER} requests waited together, each for another key. For {key!r} the cache holds {value!r}; "
                f"the answer was {request.response.text}"
            )


async def test_connections_are_reused(service: ServiceStarter, cache: Server, stored: dict[str, str]) -> None:
    """Forty lookups, one after the other, share a few connections."""
    api = await start(service, cache)
    before = cache.gate.connections

    for _ in range(40):
        await api.get(f"/cache/{next(iter(stored))}")

    opened = cache.gate.connections - before
    assert opened <= 10, (
        f"40 lookups one after the other opened {plural(opened, 'connection')} to the cache: a client for each request connects anew each time. "
        "Keep one for the whole service; its pool lends connections."
    )


async def answers(asked: list[asyncio.Task[httpx.Response]], why: str) -> list[httpx.Response]:
    """The answers to the requests ``asked``; raises `Red` with ``why`` it matters when there is none to one of them."""
    try:
        return await asyncio.gather(*asked)
    except Red as red:
        raise Red(f"{red}\n{why}") from None
    finally:
        for each in asked:
            each.cancel()


async def test_a_cache_that_is_down_is_a_503(service: ServiceStarter, cache: Server, stored: dict[str, str]) -> None:
    """While the cache is down a lookup is a 503, soon; when it is back, lookups work again."""
    api = await start(service, cache, TIMEOUT)
    key = next(iter(stored))
    await api.expect(200, await in_time(partial(api.get, f"/cache/{key}")))
    await cache.gate.stop()

    for answer in await asyncio.gather(*(api.get(f"/cache/{key}") for _ in range(3))):
        await api.expect(503, answer, why="The cache can't be reached. 503 tells the client that this will pass; a miss would be a lie.")
    await must_stay_free(api, "The cache was down.")
    for _ in range(TOGETHER // AT_ONCE + 1):
        for answer in await answers([asyncio.create_task(api.get(f"/cache/{key}")) for _ in range(AT_ONCE)], LENT):
            await api.expect(503, answer, why="The cache was down, for many lookups.")
    await cache.gate.start()

    for _ in range(20):
        answer, = await answers([asyncio.create_task(api.get(f"/cache/{key}"))], LENT)
        if answer.status_code == 200:
            break
        await asyncio.sleep(0.1)
    await api.expect(200, answer, why=f"The cache is back. A client connects again by itself. {LENT}")
    await must_stay_free(api, "The cache was down.")


async def test_lookups_whose_connections_break(service: ServiceStarter, cache: Server, stored: dict[str, str]) -> None:
    """A connection that breaks in the middle of a lookup costs that request a 503, unless it asks once more, and no other request anything."""
    api = await start(service, cache)
    key = next(iter(stored))
    when = "A lookup lost its connection before the answer came."
    await api.expect(200, await api.get(f"/cache/{key}"))

    broken = 0
    for round_ in range(2 * TOGETHER // AT_ONCE):
        # At the first one also who only asks whether the connection, or the cache, is alive.
        cache.gate.close(is_lookup if round_ else is_any)
        asked = [asyncio.create_task(api.get(f"/cache/{key}")) for _ in range(AT_ONCE if round_ else 1)]
        while len(cache.gate.held) + sum(each.done() for each in asked) < len(asked):
            await asyncio.sleep(0.002)
        broken += cache.gate.break_held()
        if not round_:
            await must_stay_free_for_a_second_try(api, cache.gate, asked[0].done, when, cache.gate.break_held)
        cache.gate.open()
        for answer in await answers(asked, LENT):
            if answer.status_code == 200:
                assert stored[key] == answer.json()["value"], f"{when} GET /cache/{key} answered {answer.text}"
            else:
                await api.expect(503, answer, why=f"{when} 503 says: not now, try again.")
        if broken > TOGETHER:  # one that failed before it was held may have borrowed nothing
            break
    await api.expect(200, await api.get(f"/cache/{key}"), why=LENT)


async def test_a_cache_that_does_not_answer_is_a_503(service: ServiceStarter, cache: Server, stored: dict[str, str]) -> None:
    """When the cache takes the question and never answers, the client gets its 503 all the same."""
    patient = await service(redis_url=cache.url, upstream_timeout_seconds=LONG)
    api = await service(redis_url=cache.url, upstream_timeout_seconds=SHORT)
    key = next(iter(stored))
    for each in (patient, api):
        await each.expect(200, await in_time(partial(each.get, f"/cache/{key}")))
    cache.gate.close(is_lookup)

    asked_before = asyncio.create_task(patient.get(f"/cache/{key}", patience=LONG))
    await cache.gate.arrived(1)
    asked = asyncio.create_task(api.get(f"/cache/{key}", patience=20.0))
    try:
        done, _ = await asyncio.wait({asked}, timeout=4.5)
        if not done:
            raise Red(f"The cache held its answer, and after 4.5 s there was none from /cache either, though UPSTREAM_TIMEOUT_SECONDS was {SHORT}. "
                      "What is slower than computing the value anew is no cache.")
        if asked.exception() is None and asked.result().status_code == 503:
            await must_wait_on(patient, asked_before, SHORT, "the cache held its answers")
            if not await let_go(cache.gate, but=1):  # the one with the long limit waits on
                raise Red("The cache held its answer, /cache answered without it, and 2 s later the lookup was still under way. "
                          "Lookups that nobody waits for pile up, each with its connection: end them when their time is over.")
    finally:
        asked.cancel()
        asked_before.cancel()
        cache.gate.open()

    await api.expect(503, await asked, why=f"The cache took longer than UPSTREAM_TIMEOUT_SECONDS, which was {SHORT}.")
    await must_stay_free(api, "The cache didn't answer.")
