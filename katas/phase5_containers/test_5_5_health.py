"""5.5 · Live and ready are different questions."""

import asyncio
import contextlib
import random
import time
from pathlib import Path
from typing import Any

import httpx

from dojo.handed import MEET
from dojo.kata import Burst, Meeting, Red, Request, Service, ServiceStarter, alone, exercise, overlay, quoted, where
from dojo.workspace import SOLUTIONS

pytestmark = exercise("5.5", edit="app/routers/health.py")

HERE = Path(__file__).parent
LIVE, READY = "/health/live", "/health/ready"
#: More than FastAPI's pool has threads.
THREADS, MANY = 40, 44
#: Ends a wait for what never comes; nothing that works comes near it. In seconds.
PATIENCE = 5.0
#: A time to drain that no test waits for, and one that each can. In seconds.
LONG, SHORT = 60.0, 0.4
#: Nobody listens there.
NOWHERE = "127.0.0.1:9"

#: The learner's routes of health, beside the judge's own; the model is loaded when the judge lets it.
OVERLAY = {
    **alone("health"),
    "app/routers/compare.py": (HERE / "_busy_router.py").read_text(encoding="utf-8"),
    **overlay(HERE / "_gated_digits.py", "app/digits.py"),
    "app/given_digits.py": (SOLUTIONS / "app" / "digits.py").read_text(encoding="utf-8"),
    "dojo_meet.py": MEET,
}
ALONE = {
    "database_url": f"postgresql://{NOWHERE}/katas", "redis_url": f"redis://{NOWHERE}/0",
    **{f"{name}_url": f"http://{NOWHERE}" for name in ("weather", "images", "analytics", "services")},
}
NO_CALLS = ("Nothing else that the service needs is there: no database, no cache, no other service. It asks nobody else, as whatever they "
            "answer is known elsewhere; all copies of the service would be taken away together when one of them is down.")
CLOSED = ("Uvicorn closes its door as soon as it is told to stop, and by default it is told by the SIGTERM. Whoever sends requests "
          "here hears of it only at the next question; until then its requests would be refused.")


async def start(service: ServiceStarter, gate: Meeting, **settings: Any) -> Service:
    """The service beside the judge's routes, with none of what it could ask."""
    return await service(options={"overlay": OVERLAY}, **ALONE, **gate.env, **settings)


async def must_say(api: Service, path: str, status: int, why: str, word: str = "") -> None:
    """One answer to ``path``: its status, and the ``word`` that it has to say."""
    answer = await api.get(path)
    await api.expect(status, answer, why=why)
    if word:
        assert {"status": word} == body(answer), f'GET {path} answered {answer.text}, expected {{"status": "{word}"}}.\n{why}'


def body(answer: httpx.Response) -> Any:
    """What an answer says as JSON; None when it is none."""
    try:
        return answer.json()
    except ValueError:
        return None


async def must_get_ready(api: Service, since: str, why: str = "") -> None:
    """Returns when the service says that it is ready."""
    until = time.perf_counter() + PATIENCE
    while True:
        answer = await api.get(READY)
        if answer.status_code != 503:
            break
        if time.perf_counter() > until:
            raise Red(f"{since}, and {PATIENCE:g} s later, the patience limit, GET {READY} still answers 503:\n    {answer.text:.100}\n{why}")
        await asyncio.sleep(0.005)
    await api.expect(200, answer, why=f"It answers 200 or 503, and nothing else. {why}")
    assert {"status": "ready"} == body(answer), f'GET {READY} answered {answer.text}, expected {{"status": "ready"}}.'


async def test_live_says_alive(service: ServiceStarter, meeting: Meeting) -> None:
    """GET /health/live answers 200 with {"status": "alive"}, as often as it is asked."""
    api = await start(service, meeting)

    for _ in range(3):
        await must_say(api, LIVE, 200, f"Who doesn't answer it is taken for dead, and restarted. {NO_CALLS}", "alive")


async def test_ready_once_the_model_is_loaded(service: ServiceStarter, meeting: Meeting) -> None:
    """GET /health/ready answers 200 with {"status": "ready"} when the model is loaded, and goes on to do so."""
    api = await start(service, meeting)

    await must_get_ready(api, "The service was started", NO_CALLS)

    for _ in range(3):
        await must_say(api, READY, 200, f"It was ready a moment ago. {NO_CALLS}", "ready")


async def loading(service: ServiceStarter, gate: Meeting) -> Service:
    """A service that answers while its model is being loaded."""
    starting = asyncio.create_task(start(service, gate))
    try:
        if not await gate.arrived(1, PATIENCE):
            await starting
            raise Red(f"The service was started, and in {PATIENCE:g} s, the patience limit, nobody has called app.digits.load(). It has to be "
                      "called when the service starts, by itself: whoever waits for a yes sends nothing that could set it off.")
        if gate.calls[0].details["on_loop"]:
            raise Red("app.digits.load() was called on the event loop's own thread. It blocks, so nothing is answered until it is done, and a "
                      "process that doesn't answer is taken for a dead one: it is killed while it starts, each time anew.")
        with contextlib.suppress(TimeoutError, Red):
            return await asyncio.wait_for(asyncio.shield(starting), PATIENCE)
        raise Red(f"While the model was being loaded the service didn't listen yet: {PATIENCE:g} s, the patience limit, after app.digits.load() was "
                  "called nobody could connect. Uvicorn listens when the application is imported and every lifespan has come to its yield. Until "
                  "then nobody can tell a process that loads from one that hangs, so it is killed while it starts, each time anew.")
    finally:
        if not starting.done():
            gate.open()
        await asyncio.wait({starting})
        starting.exception()


async def test_not_ready_while_the_model_loads(service: ServiceStarter, meeting: Meeting) -> None:
    """While the model is loaded live says 200 and ready 503; then ready says 200."""
    meeting.close()
    api = await loading(service, meeting)

    for _ in range(3):
        await must_say(api, READY, 503, "The model is still loading: requests that come now would have to wait for it.")
        await must_say(api, LIVE, 200, "The model is still loading. A process that loads is not dead: a restart would only begin it anew.", "alive")
    assert meeting.held, "The model is still loading, and the one who called app.digits.load() has gone."

    meeting.open()
    await must_get_ready(api, "The model is loaded")


async def test_a_model_that_cant_be_loaded(service: ServiceStarter, meeting: Meeting) -> None:
    """When the load fails, that is logged, ready says 503 and live 200."""
    meeting.word = "raise"
    api = await start(service, meeting)

    until = time.perf_counter() + PATIENCE
    while not await api.logged():
        if time.perf_counter() > until:
            raise Red(f"app.digits.load() raised a RuntimeError, and your code logged nothing at WARNING or above in {PATIENCE:g} s, the patience "
                      "limit. Nobody awaits what loads the model, so a log is the only place where anybody learns why it never gets ready.")
        answer = await api.get(READY)
        await api.expect(503, answer, why="app.digits.load() raised a RuntimeError: there is no model.")
        await asyncio.sleep(0.005)

    for _ in range(3):
        await must_say(api, READY, 503, "app.digits.load() raised a RuntimeError: there is no model.")
        await must_say(api, LIVE, 200, "app.digits.load() raised a RuntimeError. A restart would find the same file, and take the endpoints "
                       "away that work.", "alive")


async def test_both_answer_while_every_thread_is_taken(service: ServiceStarter, meeting: Meeting) -> None:
    """While requests hold all threads of FastAPI's pool, live says 200 and ready too."""
    api = await start(service, meeting)
    await must_get_ready(api, "The service was started")
    meeting.close()
    burst = Burst(api, [Request("GET", "/judge/thread", {}) for _ in range(MANY)])
    try:
        taken = await meeting.arrived(THREADS, PATIENCE)
        for path, word in ((LIVE, "alive"), (READY, "ready")):
            why = f"{len(meeting.held)} requests held a thread each." if taken else ""
            if not await api.answers(path, PATIENCE):
                raise Red(f"GET {path} got no answer within {PATIENCE:g} s, the patience limit, while {len(meeting.held)} requests held all threads "
                          f"of FastAPI's pool and {MANY - THREADS} waited for one. It stood in line behind them: `def` needs a thread, also that of "
                          "a dependency. Being busy isn't being dead. A restart would cost the requests that are being worked on, and put their "
                          "load on the next process.")
            await must_say(api, path, 200, f"{why} A process that is busy does what it is there for.", word)
    finally:
        meeting.open()
        await burst.finish(PATIENCE)


async def told_to_stop(service: ServiceStarter, gate: Meeting, drain_seconds: float) -> tuple[Service, float]:
    """A service that was ready, and the moment before it was sent a SIGTERM."""
    api = await start(service, gate, drain_seconds=drain_seconds)
    await must_get_ready(api, "The service was started")
    sent = time.perf_counter()
    await api.host.ask("terminate", PATIENCE)
    return api, sent


async def listens(api: Service) -> bool:
    """Whether the service still takes a new request and answers it."""
    try:
        return (await api.client.get("/judge/now", timeout=PATIENCE)).status_code == 200
    except httpx.TransportError:
        return False


async def still(api: Service, path: str, told: str) -> httpx.Response:
    """The answer to ``path`` of a service that drains, and so has to take requests."""
    try:
        return await api.client.get(path, timeout=PATIENCE)
    except httpx.TimeoutException:
        raise Red(f"{told} Then GET {path} got no answer within {PATIENCE:g} s, the patience limit. {await api.stands()}") from None
    except httpx.TransportError:
        raise Red(f"{told} Then the service no longer took requests: GET {path} was refused. {CLOSED}") from None


async def test_a_sigterm_makes_it_not_ready(service: ServiceStarter, meeting: Meeting) -> None:
    """After a SIGTERM ready says 503 at once, while live says 200 and requests are answered."""
    api, _ = await told_to_stop(service, meeting, LONG)
    told = f"DRAIN_SECONDS is {LONG:g}, and the service got a SIGTERM."

    until = time.perf_counter() + PATIENCE
    while (answer := await still(api, READY, told)).status_code == 200:
        if time.perf_counter() > until:
            raise Red(f"{told} {PATIENCE:g} s later, the patience limit, GET {READY} still answered 200. Who is ready gets requests, up to the "
                      "moment at which nobody is left.")
        await asyncio.sleep(0.005)
    await api.expect(503, answer, why=told)

    # Uvicorn looks ten times a second whether it has been told to stop.
    until = time.perf_counter() + 0.4
    while time.perf_counter() < until:
        for path, status, why in (
            (LIVE, 200, "Who isn't alive is killed, with the requests that are being worked on."),
            (READY, 503, "Who is told to stop doesn't get ready again."),
            ("/judge/now", 200, "Not everybody has heard yet that it stops: requests still come, and are to be answered."),
        ):
            await api.expect(status, await still(api, path, told), why=f"{told} {why}")
        await asyncio.sleep(0.02)


async def test_it_serves_on_for_as_long_as_it_is_told(service: ServiceStarter, meeting: Meeting) -> None:
    """It serves on for DRAIN_SECONDS after the SIGTERM, neither less nor more, and then it stops."""
    patient, _ = await told_to_stop(service, meeting, LONG)
    for drain in (SHORT, round(random.uniform(0.1, 0.3), 2), 0.0):
        api, sent = await told_to_stop(service, meeting, drain)
        told = f"DRAIN_SECONDS was {drain:g}, and the service got a SIGTERM."
        while await listens(api):
            # Each answer is a turn of its loop, at which whatever was due had its turn as well.
            if time.perf_counter() - sent > drain + PATIENCE:
                raise Red(f"{told} {PATIENCE:g} s after they were over, the patience limit, it still takes requests. Uvicorn stops when it is told "
                          "so: its own handler of the signal has to be called in the end, and DRAIN_SECONDS after yours.")
            await asyncio.sleep(0.005)
        stopped = time.perf_counter() - sent
        assert stopped >= drain, f"{told} {stopped:.3f} s later it no longer took requests. {CLOSED}"
        await must_end(api, f"{told} It takes no requests any more")
    assert await listens(patient), (
        f"Four services ran, with DRAIN_SECONDS {LONG:g} and less, and each was sent a SIGTERM. When the others had ended, the one with {LONG:g} "
        "took no requests any more either: how long it drains isn't DRAIN_SECONDS."
    )


async def test_what_is_in_flight_is_finished(service: ServiceStarter, meeting: Meeting) -> None:
    """A request that is under way when the door is closed still gets its answer, and then the process ends."""
    api = await start(service, meeting, drain_seconds=SHORT)
    await must_get_ready(api, "The service was started")
    meeting.close()
    burst = Burst(api, [Request("GET", "/judge/wait", {}) for _ in range(2)])
    try:
        assert await meeting.arrived(2, PATIENCE), "Two requests did not reach the judge's endpoint."
        await api.host.ask("terminate", PATIENCE)
        until = time.perf_counter() + 2 * PATIENCE
        while await listens(api) and time.perf_counter() < until:
            await asyncio.sleep(0.005)
        # The door is closed; what is inside now is all that there is to do.
        for _ in range(20):
            if api.host.gone:
                break
            await asyncio.sleep(0.005)
    finally:
        meeting.open()
        await burst.finish(2 * PATIENCE)
    lost = [request for request in burst.requests if request.response is None or request.response.status_code != 200]
    if lost:
        at = await ending(api)
        raise Red(f"Two requests were in flight when the service got a SIGTERM, with DRAIN_SECONDS {SHORT:g}. {len(lost)} of them got no "
                  f"answer.{at} Uvicorn closes its door and then waits for what is in flight; it does so when its own handler of the signal is "
                  "called, and nothing else ends the process.")
    await must_end(api, "Everything was answered")


async def must_end(api: Service, told: str) -> None:
    """The process has to end by itself."""
    if not await api.host.ends(2 * PATIENCE):
        raise Red(f"{told}, and {2 * PATIENCE:g} s later, the patience limit, its process has not ended. {await api.stands()}")


async def ending(api: Service) -> str:
    """Where the learner's code ended the process, if it says so itself."""
    place = api.host.ended.get("place")
    return f"\nThe process was ended at {where(place)}:{quoted(place)}\n" if place else ""
