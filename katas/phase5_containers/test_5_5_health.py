"""5.5 · Live and ready are different questions, and the image asks one of them."""

import asyncio
import contextlib
import json
import random
import re
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx

from dojo import compose
from dojo.dockerfile import Dockerfile
from dojo.handed import MEET
from dojo.kata import Burst, Container, Image, Meeting, Red, Request, Service, ServiceStarter, alone, exercise, overlay, quoted, tier, where
from dojo.workspace import SOLUTIONS
from katas.phase5_containers.asking import checked, command_of

pytestmark = exercise("5.5", edit=("app/routers/health.py", "Dockerfile", "docker-compose.yml"))

HERE = Path(__file__).parent
LIVE, READY = "/health/live", "/health/ready"
#: How many threads FastAPI's pool has, and asyncio's own.
THREADS, ASYNCIOS = 40, ThreadPoolExecutor()._max_workers
#: So many requests more than that wait for a thread in each of them.
MORE = 4
#: Ends a wait for what never comes; nothing that works comes near it. In seconds.
PATIENCE = 5.0
#: A time to drain that no test waits for, and one that each can. In seconds.
LONG, SHORT = 60.0, 0.4
#: How often a question is asked that nobody else may be asked for.
ASKED = 3
#: So many turns of its loop, so far apart (in seconds), are more than anybody needs who stops.
TURNS, APART = 40, 0.05
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
    return await service(options={"overlay": OVERLAY}, **{**ALONE, **gate.env, **settings})


class Others:
    """Stands where everything is that the service could ask: counts who comes, and sends them away."""

    def __init__(self) -> None:
        self.came = 0
        #: The settings by which the service finds it.
        self.settings: dict[str, str] = {}

    def _turn_away(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.came += 1
        writer.close()

    @contextlib.asynccontextmanager
    async def there(self) -> AsyncIterator["Others"]:
        """Listens for as long as it is entered."""
        async with await asyncio.start_server(self._turn_away, "127.0.0.1", 0) as listener:
            port = listener.sockets[0].getsockname()[1]
            self.settings = {name: value.replace(NOWHERE, f"127.0.0.1:{port}") for name, value in ALONE.items()}
            yield self


async def must_ask_nobody(api: Service, others: Others, path: str, word: str) -> None:
    """The same good answer each time, for which nobody else is asked."""
    before = others.came
    for _ in range(ASKED):
        await must_say(api, path, 200, f"It said so a moment ago. {NO_CALLS}", word)
    # What connects by itself, such as a pool that another router opens, doesn't do so in step with the questions.
    assert others.came - before < ASKED, (
        f"GET {path} was asked {ASKED} times, and the service connected {others.came - before} times to a database, a cache or another service "
        "meanwhile. It doesn't mind that nobody answers there; but when one of them takes connections and is silent, the answer waits for as long "
        f"as the time limit.\n{NO_CALLS}"
    )


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
    async with Others().there() as others:
        api = await start(service, meeting, **others.settings)

        await must_say(api, LIVE, 200, f"Who doesn't answer it is taken for dead, and restarted. {NO_CALLS}", "alive")
        await must_ask_nobody(api, others, LIVE, "alive")


async def test_ready_once_the_model_is_loaded(service: ServiceStarter, meeting: Meeting) -> None:
    """GET /health/ready answers 200 with {"status": "ready"} when the model is loaded, and goes on to do so."""
    async with Others().there() as others:
        api = await start(service, meeting, **others.settings)

        await must_get_ready(api, "The service was started", NO_CALLS)

        await must_ask_nobody(api, others, READY, "ready")


def must_leave_the_loop_alone(gate: Meeting, when: str = "") -> None:
    """The call of load() that is held must not stand on the thread that serves."""
    call = (gate.held or gate.calls)[0]
    if call.details["on_loop"] and call.values == ("True",):
        raise Red(f"app.digits.load() was called on the event loop's own thread{when}. It blocks, so nothing is answered until it is done, and a "
                  "process that doesn't answer is taken for a dead one: it is killed while it loads, each time anew.")


async def loading(service: ServiceStarter, gate: Meeting) -> Service:
    """A service that answers while its model is being loaded."""
    starting = asyncio.create_task(start(service, gate))
    try:
        if not await gate.arrived(1, PATIENCE):
            await starting
            raise Red(f"The service was started, and in {PATIENCE:g} s, the patience limit, nobody has called app.digits.load(). It has to be "
                      "called when the service starts, by itself: whoever waits for a yes sends nothing that could set it off. And it has to be "
                      "called in the service's own process, into which it loads the model; another one would first have to start.")
        must_leave_the_loop_alone(gate)
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
    await must_leave_health_alone(api, "The model was still loading")
    assert meeting.held, "The model is still loading, and the one who called app.digits.load() has gone."

    meeting.open()
    await must_get_ready(api, "The model is loaded")


async def must_leave_health_alone(api: Service, told: str) -> None:
    """GET /health answers what it did in 1.1, whatever the other two say; where 1.1 is still open there is nothing to see."""
    answer = await api.get("/health")
    if answer.status_code != 500:
        assert (200, {"status": "healthy"}) == (answer.status_code, body(answer)), (
            f"{told}, and GET /health answered {answer.status_code} with {answer.text:.100}\n"
            'Expected 200 with {"status": "healthy"}, as in 1.1: it stays as it is. Others ask it already, who know nothing of the new questions. '
            "Of two routes with the same path, the one answers that was there first: your router is included before app/main.py has its own /health."
        )


async def test_a_model_that_cant_be_loaded(service: ServiceStarter, meeting: Meeting) -> None:
    """When the load fails, that is logged, ready says 503 and live 200; if you try again, on a thread, and that works, ready says 200."""
    meeting.word = "raise"
    api = await start(service, meeting)

    until = time.perf_counter() + PATIENCE
    while not await api.logged():
        if time.perf_counter() > until:
            raise Red(f"app.digits.load() raised an error (a NoSuchFile, as onnxruntime has one, which is neither RuntimeError nor "
                      f"OSError), and your code logged nothing at WARNING or above in {PATIENCE:g} s, the patience "
                      "limit. Nobody awaits what loads the model, so a log is the only place where anybody learns why it never gets ready.")
        answer = await api.get(READY)
        await api.expect(503, answer, why="app.digits.load() raised an error: there is no model.")
        await asyncio.sleep(0.005)

    for _ in range(3):
        await must_say(api, READY, 503, "app.digits.load() raised an error: there is no model.")
        await must_say(api, LIVE, 200, "app.digits.load() raised an error. A restart would find the same file, and take the endpoints "
                       "away that work.", "alive")

    meeting.close()
    meeting.word = "go"
    if await tries_again(api, meeting):
        must_leave_the_loop_alone(meeting, " when it was tried again")
        await must_say(api, READY, 503, "app.digits.load() has raised an error and was called once more, which isn't done yet: there is no model.")
        await must_say(api, LIVE, 200, "app.digits.load() has raised an error and was called once more: who tries again is alive.", "alive")
        meeting.open()
        await must_get_ready(api, "app.digits.load() has raised an error, was called once more, and has loaded the model")


async def tries_again(api: Service, gate: Meeting) -> bool:
    """Whether load() is called once more, when the loop's clock says that any pause is over; nobody has to."""
    await api.get("/judge/later")

    async def turns() -> None:
        # Each answer is a turn of its loop; none comes while that stands at the gate.
        for _ in range(20):
            await api.get("/judge/now")

    some = [asyncio.create_task(turns()), asyncio.create_task(gate.arrived(1, PATIENCE))]
    await asyncio.wait(some, return_when=asyncio.FIRST_COMPLETED)
    for task in some:
        task.cancel()
    await asyncio.gather(*some, return_exceptions=True)
    return bool(gate.held)


async def test_both_answer_while_every_thread_is_taken(service: ServiceStarter, meeting: Meeting) -> None:
    """While requests hold all threads of FastAPI's pool, and of asyncio's, live says 200 and ready too."""
    api = await start(service, meeting)
    await must_get_ready(api, "The service was started")
    meeting.close()
    pools = {"/judge/thread": THREADS, "/judge/asyncio": ASYNCIOS}
    burst = Burst(api, [Request("GET", path, {}) for path, threads in pools.items() for _ in range(threads + MORE)])
    try:
        taken = await meeting.arrived(THREADS + ASYNCIOS, PATIENCE)
        for path, word in ((LIVE, "alive"), (READY, "ready")):
            why = f"{len(meeting.held)} requests held a thread each." if taken else ""
            if not await api.answers(path, PATIENCE):
                raise Red(f"GET {path} got no answer within {PATIENCE:g} s, the patience limit, while {len(meeting.held)} requests held all threads "
                          f"of FastAPI's pool and of asyncio's, and {MORE} waited for one in each. It stood in line behind them: `def` needs a "
                          "thread, also that of a dependency, and so does asyncio.to_thread. Being busy isn't being dead. A restart would cost the "
                          "requests that are being worked on, and put their load on the next process.")
            await must_say(api, path, 200, f"{why} A process that is busy does what it is there for.", word)
    finally:
        meeting.open()
        await burst.finish(PATIENCE)


async def told_to_stop(service: ServiceStarter, gate: Meeting, drain_seconds: float) -> tuple[Service, float]:
    """A service that was ready, and the moment before it was sent a SIGTERM."""
    api = await start(service, gate, drain_seconds=drain_seconds)
    await must_get_ready(api, "The service was started")
    sent = time.perf_counter()
    await api.sigterm()
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
    api = await start(service, meeting, drain_seconds=LONG)
    await must_get_ready(api, "The service was started")
    await api.get("/judge/slow")
    await must_say(api, READY, 200, "It was ready a moment ago.", "ready")
    await api.sigterm()
    told = f"DRAIN_SECONDS is {LONG:g}, and the service got a SIGTERM."

    until = time.perf_counter() + PATIENCE
    while (answer := await still(api, READY, told)).status_code == 200:
        if time.perf_counter() > until:
            raise Red(f"{told} {PATIENCE:g} s later, the patience limit, GET {READY} still answered 200. Who is ready gets requests, up to the "
                      "moment at which nobody is left. (For your code hardly any time has gone by since: what it keeps for seconds is still kept.)")
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
    await must_leave_health_alone(api, "The service had got a SIGTERM and went on to serve")


async def test_a_sigterm_while_the_model_loads(service: ServiceStarter, meeting: Meeting) -> None:
    """A SIGTERM that comes while the model is still loading: requests are answered, and when it is loaded ready still says 503."""
    meeting.close()
    api = await start(service, meeting, drain_seconds=LONG)
    if not await meeting.arrived(1, PATIENCE):  # said in the test of that
        raise Red(f"The service was started, and in {PATIENCE:g} s, the patience limit, nobody has called app.digits.load().")
    await api.sigterm()
    told = f"DRAIN_SECONDS is {LONG:g}, and the service got a SIGTERM while its model was being loaded."
    for loaded in (False, True):
        if loaded:
            meeting.open()
            told += " Then the model was loaded."
        # Uvicorn looks ten times a second whether it has been told to stop; and each answer is a turn of the loop, which hears of the model.
        until = time.perf_counter() + 0.25
        while time.perf_counter() < until:
            await api.expect(503, await still(api, READY, told), why=f"{told} Who is told to stop doesn't get ready any more: requests would be "
                             "sent here that nobody is left to answer.")
            await api.expect(200, await still(api, "/judge/now", told), why=f"{told} Not everybody has heard yet that it stops: other requests than "
                             "those for the model come, and are to be answered.")
            await asyncio.sleep(0.02)


async def test_it_serves_on_for_as_long_as_it_is_told(service: ServiceStarter, meeting: Meeting) -> None:
    """It serves on for DRAIN_SECONDS after the SIGTERM, neither less nor more, and then it stops."""
    patient, _ = await told_to_stop(service, meeting, LONG)
    for drain in (SHORT, round(random.uniform(0.1, 0.3), 2), 0.0):
        api, sent = await told_to_stop(service, meeting, drain)
        told = f"DRAIN_SECONDS was {drain:g}, and the service got a SIGTERM."
        turns, counted = 0, sent + drain
        while await listens(api):
            # Each answer is a turn of its loop, at which whatever was due had its turn as well. Those are counted that are some way apart.
            if (now := time.perf_counter()) >= counted + APART:
                turns, counted = turns + 1, now
            if turns >= TURNS or now - sent > drain + PATIENCE:
                raise Red(f"{told} {now - sent - drain:.1f} s after they were over it still takes requests, and has had all the turns that it needs. "
                          "Uvicorn stops when it is told so: its own handler of the signal has to be called in the end, and DRAIN_SECONDS after "
                          "yours, also when they are 0.")
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
        await api.sigterm()
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


# -- the files


@tier("static")
async def test_the_image_has_a_health_check(dockerfile: Dockerfile) -> None:
    """The Dockerfile says how whoever runs the container asks whether it is well."""
    check = dockerfile.last("HEALTHCHECK")

    assert check, "Dockerfile has no HEALTHCHECK in what is shipped: of its containers nobody knows more than that a process runs."
    assert check.value.upper() != "NONE", f"{check.where} says HEALTHCHECK NONE, which switches it off."


@tier("static")
async def test_compose_gives_it_the_time_that_it_takes(tree: Path, dockerfile: Dockerfile) -> None:
    """In the compose file, api gets DRAIN_SECONDS from the environment (0 without), 20 seconds or more to stop, and the image's health check."""
    text = (tree / compose.FILE).read_text(encoding="utf-8", errors="replace") if (tree / compose.FILE).is_file() else "services: {}"
    chosen = {"DRAIN_SECONDS": str(random.randint(3, 9))}
    without, given = (compose.read(text, environment).services.get("api", {}) for environment in ({}, chosen))
    if "extends" in given:  # what stands in another file isn't followed
        return

    health = given.get("healthcheck") or {}
    off = bool(health.get("disable")) or health.get("test") == ["NONE"]
    assert not off, f"{compose.FILE}: services.api switches the image's health check off."
    own = health.get("test")
    assert not own or own == the_images(dockerfile) or asks_one_of_the_two(str(own), tree), (
        f"{compose.FILE}: services.api has a health check of its own (healthcheck.test), which comes in the place of the image's, and asks neither "
        f"{LIVE} nor {READY}. Now that the image has one, leave it out: how often it asks may stand here, and what it asks in the Dockerfile."
    )
    content = re.search(r"\|\|\s*(?:true|:|exit 0)[\s;]*$", own if isinstance(own, str) else str(own[-1])) if own else None
    assert not content, (
        f"{compose.FILE}: services.api has a health check of its own (healthcheck.test), which comes in the place of the image's and ends with "
        f"`{content and content[0]}`: whatever the service answers, and when nobody answers, all is well. A check that can't say no is none."
    )
    for environment, service, expected in (({}, without, "0"), (chosen, given, chosen["DRAIN_SECONDS"])):
        had = compose.variables(service, environment).get("DRAIN_SECONDS")
        told = f"With DRAIN_SECONDS={expected}" if environment else "Without DRAIN_SECONDS"
        # Without it the service's own default holds, which is 0; an empty text is no number, and the service doesn't start.
        same = had == expected or (not environment and (had is None or re.fullmatch(r"0+\.?0*|\.0+", had)))
        assert same or (had is None and "env_file" in given), (
            f"{told} in the environment, services.api in {compose.FILE} gets "
            f"{'none' if had is None else f'DRAIN_SECONDS={had}' if had else 'an empty text, which is no number'}, expected {expected}."
        )
    grace = seconds(str(given.get("stop_grace_period", "10s")))
    assert grace >= 20, (
        f"{compose.FILE} gives services.api {grace:g} s to stop (stop_grace_period; 10 s is what everybody gets), then it is killed. It serves on "
        "for DRAIN_SECONDS, and "
        "then finishes what is in flight: it needs the time for both."
    )


def the_images(dockerfile: Dockerfile) -> list[str] | None:
    """The image's health check as a compose file would write it; None when it has none."""
    check = dockerfile.last("HEALTHCHECK")
    given = re.match(r"CMD\s+(.+)", check.value, re.S | re.I) if check else None
    if not given:
        return None
    with contextlib.suppress(ValueError):
        if isinstance(words := json.loads(given[1]), list):
            return ["CMD", *words]
    return ["CMD-SHELL", given[1]]


def asks_one_of_the_two(check: str, tree: Path) -> bool:
    """Whether the question stands in a health check, or in a Python file of the workspace that it runs, by its path or as a module."""
    words = {word.removesuffix(".py").replace(".", "/").strip("/") for word in re.findall(r"[\w./]+", check)}
    # A path in the image may begin with a folder that isn't one of the workspace.
    files = [tree / f"{'/'.join(word.split('/')[start:])}.py" for word in words for start in range(word.count("/") + 1)]
    texts = [check, *(file.read_text(encoding="utf-8", errors="replace") for file in files if file.is_file())]
    return any(question in text for text in texts for question in (LIVE, READY))


def seconds(text: str) -> float:
    """A time as compose files write it: 1m30s, 500ms, 20s."""
    units = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
    return sum(float(number) * units[unit] for number, unit in re.findall(r"([\d.]+)(us|ms|h|m|s)", text))


# -- the container


#: The check is the image's own, asked more often; a busy machine may need its time for one.
OFTEN = ("--health-interval", "1s", "--health-timeout", "5s", "--health-retries", "2", "--health-start-period", "1ms")
#: Only ends a hang: a container gets healthy, or unhealthy, long before. In seconds.
TURNING = 90.0
OTHER_PORT = 9137
#: A server that has the same answer for everybody, or for everybody who asks one of a few questions.
ANSWERS = """
import http.server, os

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response(STATUS if self.path.partition("?")[0].rstrip("/") in PATHS or not PATHS else 200)
        self.send_header("content-length", "15")
        self.end_headers()
        self.wfile.write(b'{"status": "x"}')

    do_HEAD = do_POST = do_GET

http.server.ThreadingHTTPServer(("0.0.0.0", int(os.environ.get("PORT", 8000))), Handler).serve_forever()
"""


def answers(status: int, *paths: str) -> str:
    """The program of a server that answers ``paths``, or everything, with this status."""
    return ANSWERS.replace("STATUS", str(status)).replace("PATHS", repr(paths))


async def turns(container: Container, wanted: str, after: str) -> None:
    """Returns when the engine says that the container is ``wanted``; raises `Red` with what the check said when it never does."""
    until = time.monotonic() + TURNING
    while True:
        state = await container.state()
        health = state.get("Health") or {"Status": "without a health check", "Log": []}
        if health["Status"] == wanted:
            return
        if state["Status"] != "running":
            raise Red(f"{after} The container has ended with exit code {state['ExitCode']}. It wrote:\n{(await container.logs())[-500:]}")
        if time.monotonic() > until:
            break
        await asyncio.sleep(0.3)
    last = (health.get("Log") or [{"ExitCode": "none", "Output": "nothing"}])[-1]
    said = last["Output"].strip() or "nothing"
    said = found[0] if (found := re.search(r'exec: "[^"]*": .*', said)) else said.splitlines()[-1]
    raise Red(f"{after} {TURNING:g} s later, the patience limit, the engine says that the container is {health['Status']}, expected {wanted}. The "
              "last check ended with "
              f"status {last['ExitCode']} and said:\n    {said[:200]}")


async def the_check(image: Image) -> list[str]:
    """The image's health check as a command."""
    check = command_of((await image.saved()).settings.get("Healthcheck"))
    if not check:
        raise Red("The image has no HEALTHCHECK.")
    return check


@tier("behavior")
async def test_it_turns_with_the_service(image: Image) -> None:
    """The container turns healthy; unhealthy while the event loop stands; and healthy again after that."""
    container = await image.start(*OFTEN, "--env", "WEB_CONCURRENCY=1")
    await turns(container, "healthy", "The container was started.")

    await image.engine.must("kill", "--signal", "STOP", container.name)
    await turns(container, "unhealthy", "The server was stopped in the middle of its work (SIGSTOP), as if its event loop stood: connections are "
                                        "taken by the kernel, "
                "and nobody answers.")

    await image.engine.must("kill", "--signal", "CONT", container.name)
    await turns(container, "healthy", "The server stood for a while, was unhealthy, and goes on with its work (SIGCONT).")
    await container.remove()


@tier("behavior")
async def test_it_says_no_where_nobody_is_well(image: Image) -> None:
    """The check fails where nobody listens, where every answer is an error, and where live and ready say no."""
    check = await the_check(image)
    for what, program in (
        ("a container in which nobody listens", "import time; time.sleep(600)"),
        ("a container whose service answers everything with 503", answers(503)),
        ("a container whose service answers everything with 500", answers(500)),
        (f"a container whose service answers {LIVE} and {READY} with 503, and all else, such as /health, with 200", answers(503, LIVE, READY)),
    ):
        container = await image.start("--no-healthcheck", "--entrypoint", "python", command=("-c", program))
        if "serve_forever" in program:
            until = time.monotonic() + PATIENCE * 4
            while not await container.listening() and time.monotonic() < until:
                await asyncio.sleep(0.1)
        status = await checked(container, check)
        await container.remove()
        assert status, f"In {what}, the image's health check ended with status 0: all is well, it says. It is:\n    {' '.join(check)[:200]}"


@tier("behavior")
async def test_it_asks_where_the_service_is(image: Image) -> None:
    """Told another PORT, the service is asked there."""
    check = await the_check(image)
    container = await image.start("--no-healthcheck", "--env", f"PORT={OTHER_PORT}", "--env", "WEB_CONCURRENCY=1", port=OTHER_PORT)
    until = time.monotonic() + TURNING
    while not (heard := await container.listening()) and time.monotonic() < until:
        await asyncio.sleep(0.2)
    if not any(port == OTHER_PORT for _, port in heard):
        raise Red("This builds on 5.4, which is still open: with PORT set the service listens elsewhere. Start there: nox -s hint -- 5.4")
    statuses = []
    while not statuses or (statuses[-1] and time.monotonic() < until):  # the model is still being loaded
        statuses.append(await checked(container, check))
    await container.remove()
    assert not statuses[-1], (
        f"With PORT={OTHER_PORT} the service listens there, and the image's health check ended with status {statuses[-1]}. It is:\n    "
        f"{' '.join(check)[:200]}"
    )
