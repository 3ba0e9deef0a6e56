"""4.6 · Two profiles, for what computes and for what waits, each seen in what the running service does."""

import asyncio
import os
import random
import re
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from dojo.kata import Functions, Red, beside, exercise, plural
from dojo.plugin import RUN
from dojo.reading import named_file
from dojo.server import Answered, Connection, Port, Server, serving, shown
from katas.phase4_tuning.workers import ON_TWO_CPUS, happens, noted, processes

pytestmark = exercise("4.6", edit=("app/serve.py", "app/tuning.py", "app/limits.py"))

DRIVER = beside(__file__, "_profile_driver.py", "")
APPLICATION = Path(__file__).with_name("_profiled_app.py").read_text(encoding="utf-8")
OVERLAY = {"app/main.py": APPLICATION, "notes/.keep": ""}

NAMES = ("cpu-bound", "io-bound")
CONSTANT = {"cpu-bound": "CPU_BOUND", "io-bound": "IO_BOUND"}
#: The fewest and the most requests that one worker takes at a time, and the most threads on which it works.
IN_FLIGHT = {"cpu-bound": (2, 10), "io-bound": (100, 500)}
MOST_COMPUTING = 2
#: In seconds: for how long a load balancer keeps a connection, and after how long an idle one is a waste.
BALANCER, LONGEST_IDLE = 60, 600
#: In seconds: how long a request may take, and by when a server has ended before it is killed.
LONGEST_REQUEST, LATEST_END = 5, 25
#: After how many requests a worker is replaced, at least and at most, and the least part of that by which two workers may differ.
FEWEST, MOST, LEAST_JITTER = 1_000, 100_000, 0.1
#: For how long a worker may stand still, in seconds, and by when it is replaced.
STANDS, REPLACED = 10, 60
#: For how long the kata stops one: a little less, as whoever decides on exactly so long a patience is right.
STOPPED = STANDS - 0.3

#: Ends what hangs, in seconds; only wrong answers wait so long.
PATIENCE = 30.0


# -- options


#: What the driver's functions are to the learner.
TOLD = {"options": "profile_options()", "usable": "usable_cpus()", "commands": "server_command()", "decided": "app/tuning.py",
        "limited": "InFlightLimit", "decided_on_one_cpu": "app/tuning.py"}


async def ask(learner: Functions, name: str, *arguments: Any) -> Any:
    """What a function of the driver returns."""
    try:
        return await learner.call(f"{DRIVER}{name}", *arguments)
    except Red as red:
        raise Red(re.sub(rf"^{name}\(\)", TOLD[name], str(red))) from None


@pytest_asyncio.fixture(loop_scope="session")
async def cpus(learner: Functions, reference: Functions) -> int:
    """As many CPUs as this process may use. A quota between two whole numbers may be rounded either way: as the learner's usable_cpus() does it."""
    down, up = await reference.call("app.tuning:usable_cpus"), await reference.call(f"{DRIVER}usable_rounded_up")
    own: int | None = await ask(learner, "usable")
    return up if own == up else down


def a_profile(**fields: Any) -> dict[str, Any]:
    """The fields of a profile, drawn."""
    return {
        "workers": random.randint(2, 9), "threads": random.randint(1, 99), "in_flight": random.randint(1, 99), "retry_after": random.randint(1, 9),
        "keep_alive": random.randint(6, 999), "recycle_after": random.randint(100, 9999), "recycle_jitter": random.randint(10, 99),
        "graceful": random.randint(1, 99), "health_check": random.randint(6, 99), **fields,
    }


#: Which of uvicorn's settings a field of a profile becomes, and how the option is called.
BECOMES = {
    "workers": ("workers", "--workers"), "keep_alive": ("timeout_keep_alive", "--timeout-keep-alive"),
    "recycle_after": ("limit_max_requests", "--limit-max-requests"),
    "recycle_jitter": ("limit_max_requests_jitter", "--limit-max-requests-jitter"),
    "graceful": ("timeout_graceful_shutdown", "--timeout-graceful-shutdown"),
    "health_check": ("timeout_worker_healthcheck", "--timeout-worker-healthcheck"),
}


def same(profile: dict[str, Any], what: dict[str, Any], told: str, *fields: str) -> None:
    """Raises `Red` unless uvicorn reads what these fields of a profile say."""
    if "refused" in what:
        raise Red(f"{told}\nuvicorn refuses that: {what['refused']}")
    for name in fields:
        setting, option = BECOMES[name]
        if what[setting] != profile[name]:
            raise Red(f"{told}\nThe profile's {name} is {profile[name]}, and uvicorn reads {option} {what[setting]}.")


async def test_uvicorn_does_what_the_profile_says(learner: Functions) -> None:
    """profile_options() has the options that put a profile's workers, keep-alive, recycling and timeouts into effect."""
    profiles = [a_profile(), a_profile(), a_profile(graceful=None), a_profile(graceful=0, keep_alive=0)]  # 0 is said as well
    for profile, each in zip(profiles, await ask(learner, "options", profiles), strict=True):
        told = f"profile_options() returned {each['shown']}"
        if each["words"] is None:
            raise Red(f"{told}. It returns a list of texts.")
        same(profile, each["read"], told, *BECOMES)
        assert each["read"]["limit_concurrency"] is None, (
            f"{told}\n--limit-concurrency counts connections that ask nothing, refuses whoever asks for /health, and doesn't say when to come "
            "again. InFlightLimit is there for that."
        )


async def test_a_single_worker_is_not_recycled(learner: Functions, cpus: int) -> None:
    """A single worker isn't recycled, as the service would end with it. Where workers is None, there are as many as usable CPUs."""
    profiles = [a_profile(workers=1), a_profile(workers=None), a_profile(recycle_after=0, recycle_jitter=0)]
    single, usual, never = await ask(learner, "options", profiles)
    for profile, each in zip(profiles, (single, usual, never), strict=True):
        told = f"profile_options() of workers={profile['workers']} and recycle_after={profile['recycle_after']} returned {each['shown']}"
        if each["words"] is None or "refused" in each["read"]:
            raise Red(f"{told}. {(each['read'] or {}).get('refused', 'It returns a list of texts.')}")
        workers, recycled = each["read"]["workers"] or 1, each["read"]["limit_max_requests"]
        expected = profile["workers"] or cpus
        assert workers == expected, f"{told}. This process may use {cpus} CPUs, so that is {plural(expected, 'worker')}; uvicorn reads {workers}."
        assert recycled is None or profile["recycle_after"], f"{told}. 0 is never; uvicorn reads --limit-max-requests {recycled}."
        assert recycled is None or expected > 1, (
            f"{told}. There is one worker, so it is the server itself. After {recycled} requests it ends, and nobody replaces it."
        )
        assert recycled is not None or expected == 1 or not profile["recycle_after"], f"{told}. No worker is ever replaced."


async def test_the_command_has_the_profile(learner: Functions, cpus: int) -> None:
    """server_command() has a profile's options where the settings name one, and only there; WEB_CONCURRENCY has the last word about workers."""
    decided = await ask(learner, "decided")
    cases: list[tuple[str, int | None]] = [("cpu-bound", None), ("io-bound", None), ("cpu-bound", 7), ("io-bound", 6), ("io-bound", 1),
                                           ("", 3), ("", 1)]
    host = f"127.0.0.{random.randint(2, 250)}"
    commands = await ask(learner, "commands", [{"profile": name, "web_concurrency": count, "port": 8123, "host": host} for name, count in cases])
    for (name, count), each in zip(cases, commands, strict=True):
        read = each["read"]
        if read is None:
            continue  # another way to start it, which is seen when it runs
        told = f"With the profile {name or 'not set'!r} and a web_concurrency of {count}, this is the command:\n    {shown(each['words'])}"
        if name:
            same(decided[CONSTANT[name]], read, told, "keep_alive", "graceful", "health_check")
        else:
            same({}, read, told)
            none_is_chosen(decided, read, told)
        workers, who = (count, "WEB_CONCURRENCY has the last word") if count else (decided[CONSTANT[name]]["workers"] or cpus, "The profile decides")
        assert (read["workers"] or 1) == workers, (
            f"{told}\n{who}: that is {plural(workers, 'worker')}, and uvicorn reads --workers {read['workers']}."
        )
        for setting, value in (("port", 8123), ("host", host)):
            assert read[setting] == value, f"{told}\nThe settings' {setting} is {value}, and uvicorn reads {read[setting]}."
        recycled = read["limit_max_requests"]
        assert recycled is None or workers > 1, f"{told}\nA worker would be replaced after {recycled} requests, and there is no other."


def none_is_chosen(decided: dict[str, Any], read: dict[str, Any], told: str) -> None:
    """Raises `Red` when all that a profile decides is in effect where none was chosen, but for its workers. What else stands there is left open."""
    for name, profile in decided.items():
        fields = [field for field in BECOMES if field != "workers" and profile[field]]
        if profile["recycle_after"] and all(read[BECOMES[field][0]] == profile[field] for field in fields):
            raise Red(f"{told}\nNo profile was chosen, and these are the options of {name}, such as {BECOMES[fields[0]][1]} {profile[fields[0]]}.")


async def test_the_decisions_have_sense(learner: Functions, cpus: int) -> None:
    """Both profiles have as many workers as the chapter says, and recycle them after so many requests, not all at once."""
    for name, profile in (await ask(learner, "decided")).items():
        workers, after, jitter = profile["workers"] or cpus, profile["recycle_after"], profile["recycle_jitter"]
        assert name != "CPU_BOUND" or workers == cpus, (
            f"{name} has {workers} workers, and this process may use {cpus} CPUs. What computes has a process for each CPU, on whatever machine."
        )
        assert 1 <= workers <= cpus, f"{name} has {workers} workers, and this process may use {cpus} CPUs: the others cost memory, and bring nothing."
        assert FEWEST <= after <= MOST, f"{name} replaces a worker after {after} requests; at least {FEWEST:,} and at most {MOST:,} are asked for."
        assert jitter >= LEAST_JITTER * after, (
            f"{name} replaces a worker after {after} requests and up to {jitter} more. They all have about as many, so they all end within "
            f"{jitter} requests, and until the new ones have started nobody answers."
        )
        patience = profile["health_check"]
        assert patience <= REPLACED, f"{name}: a worker that hangs is replaced after {patience} s; {REPLACED} s at the latest."


async def test_the_workers_are_those_of_any_machine(request: pytest.FixtureRequest) -> None:
    """Where the process may use a single CPU, CPU_BOUND has one worker, and IO_BOUND has no more."""
    functions: Functions = await request.config.stash[RUN].functions("4.6")
    try:
        found = await ask(functions, "decided_on_one_cpu")
        options = await ask(functions, "options", [a_profile(workers=None)])
    finally:
        await functions.close()
    if not found:
        return
    for name, profile in found.items():
        workers = profile["workers"] or 1
        assert workers == 1, (
            f"{name} has {workers} workers where this process may use one CPU of {os.cpu_count()}, as in a container. usable_cpus() counts them; "
            "None asks it."
        )
    read, told = options[0]["read"] or {}, f"Where this process may use one CPU of {os.cpu_count()}, profile_options() of workers=None returned"
    assert (read.get("workers") or 1) == 1, f"{told} {options[0]['shown']}. None is as many as usable_cpus(), which is 1."
    assert read.get("limit_max_requests") is None, f"{told} {options[0]['shown']}. That is a single worker, and nobody replaces it."


#: What is done to a limit of two, and what has to become of it.
TAKEN, REFUSED, RAISED = "taken", "503, Retry-After", "raised RuntimeError"
STEPS = (
    ("the first of three requests that take long", TAKEN), ("the second one, whose answer has begun and goes on", TAKEN),
    ("the third one, of a third client, with two in flight", REFUSED),
    ("a request to /health, with two in flight", TAKEN), ("one to /health/live", TAKEN), ("one to /healthz, which begins with /health", TAKEN),
    ("one to /health-db, which begins so as well", TAKEN),
    ("one to /users/health, which doesn't", REFUSED), ("a WebSocket, which is no HTTP request", TAKEN),
    ("one to /health with one in flight", TAKEN),
    ("a request after the first one was answered, while those to /health and the WebSocket were still open: they take nobody's place", TAKEN),
    ("one in flight that fails with a RuntimeError", RAISED),
    ("a request after one in flight had failed with an exception", TAKEN),
    ("a request after one in flight was cancelled, as when its client has gone", TAKEN),
    ("one with two in flight again, after one was answered, one failed, one was cancelled, and those to /health were over", REFUSED),
    ("a request to another InFlightLimit, with an application of its own, while this one was full", TAKEN),
)


async def test_the_limit_counts_those_in_flight(learner: Functions) -> None:
    """InFlightLimit passes on as many HTTP requests as its limit, and takes the next one when one is answered, fails, or is cancelled."""
    for after in random.sample(range(2, 100), 2):
        for (what, wanted), became in zip(STEPS, await ask(learner, "limited", after), strict=True):
            expected = f"{REFUSED} {after}" if wanted == REFUSED else wanted
            told = {"taken": "was passed on", "waits": "was neither passed on nor answered: it waits",
                    RAISED: "raises that to its caller, who makes a 500 of it", "ended": "ended as if nothing had been"}
            why = " The last part of an answer has no more_body; before that has been sent, it goes on." if became.endswith("no end") else ""
            assert became == expected, (
                f"InFlightLimit(app, limit=2, retry_after={after}), {what}: it {told.get(became, f'was answered with {became}')}. "
                f"Expected: it {told.get(expected, f'is answered with {expected}')}.{why}"
            )


# -- running


@dataclass
class Running:
    """The service under the profile ``name``, as python -m app.serve starts it."""

    server: Server
    name: str
    held: list["asyncio.Task[Answered]"] = field(default_factory=list)
    numbers: int = 0

    def noted(self, start: str) -> list[Path]:
        """The application's notes that begin so."""
        return list((self.server.root / "notes").glob(f"{start}*"))

    def tell(self, kind: str, text: str = "") -> str:
        """Puts up a note for the application: its name."""
        self.numbers += 1
        (draft := self.server.root / "notes" / f".{kind}{self.numbers}").write_text(text)
        return draft.rename(draft.with_name(f"{kind}-{self.numbers}")).name

    def let(self, name: str) -> None:
        """Lets the requests of this name go on."""
        (self.server.root / "notes" / f"let-{name}").touch()

    def clock(self, name: str) -> float:
        """The service's clock that stands in a note; 0 where there is none."""
        return next(map(noted, self.noted(name)), 0.0)

    async def obeyed(self, name: str, count: int) -> None:
        """Waits until so many workers have done what a note says, and all that was due by then."""
        if not await happens(lambda: len(self.noted(f"done-{name}-")) >= count or self.server.ended is not None, PATIENCE):
            raise Red(f"The service does nothing any more: its event loop stands still.{self.server.told()}")

    async def state(self) -> dict[str, Any]:
        """How many requests are where, by the worker that answers."""
        answer = await self.server.get("/health/state", PATIENCE)
        if answer.status != 200:
            raise Red(f"Under the profile {self.name}, a request to /health/state was answered with {answer.status} while places were taken. Paths "
                      "that begin with /health are passed on in any case: an overloaded service isn't a sick one, and whoever hears no answer "
                      f"replaces it.{self.server.told()}")
        state: dict[str, Any] = answer.json()
        return state

    @property
    def workers(self) -> dict[int, str]:
        """Each process that has started the application, with the number of requests after which it ends."""
        return {int(number): named_file(path).decode(errors="replace") for path in self.noted("started-")
                if (number := path.name.partition("-")[2]).isdecimal()}


@asynccontextmanager
async def under(request: pytest.FixtureRequest, name: str, workers: int, said: bool = True) -> AsyncIterator[Running]:
    """The service under a profile, with so many workers. Where nobody has ``said`` how many, they are two, one for each CPU."""
    port = Port()
    env = {"HOST": "127.0.0.1", "PORT": str(port.number), "PROFILE": name, **({"WEB_CONCURRENCY": str(workers)} if said else {})}
    words = f"PROFILE={name} {f'WEB_CONCURRENCY={workers} ' if said else ''}python -m app.serve"
    command = [sys.executable, "-m", "app.serve"] if said else ON_TWO_CPUS
    try:
        async with serving(request.config.stash[RUN].launcher.root, command, port, env=env, overlay=OVERLAY) as server:
            running = Running(server, name)
            await happens(lambda: bool(running.workers) or server.ended is not None, PATIENCE)
            alone = workers > 1 and running.workers.keys() == {server.pid} and len(await server.tree()) == 1
            if not alone:
                await happens(lambda: len(running.workers) >= workers or server.ended is not None, PATIENCE)
            if len(running.workers) < workers:
                raise Red(f"{processes(len(running.workers))} started the application."
                          + ("" if said else f" WEB_CONCURRENCY isn't set, the process may use two CPUs, and {CONSTANT[name]} has a worker for each.")
                          + server.told())
            try:
                yield running
            finally:
                for task in running.held:
                    task.cancel()
                await asyncio.gather(*running.held, return_exceptions=True)
    except Red as red:
        raise Red(f"{words}: {red}") from None
    finally:
        port.close()


@pytest_asyncio.fixture(loop_scope="session", scope="module", params=NAMES)
async def single(request: pytest.FixtureRequest) -> AsyncIterator[Running]:
    """The service with one worker, in which all can be counted."""
    async with under(request, request.param, 1) as running:
        yield running


async def accounted(running: Running, asked: Callable[[], tuple[int, int]]) -> dict[str, Any]:
    """The state of the worker once every request that was sent is refused or in it, and none of them moves any more.

    ``asked``: how many were sent, and how many are answered.
    """
    last, still = {}, 0
    for _ in range(int(PATIENCE / 0.02)):
        state = await running.state()
        sent, answered = asked()
        still = still + 1 if state == last and state["open"] + answered == sent else 0
        last = state
        if still >= 15:
            break
        await asyncio.sleep(0.02)
    return last


@pytest.mark.live
async def test_what_is_too_much_is_refused_at_once(single: Running) -> None:
    """A worker takes as many requests at a time as the chapter says; the others get a 503 with Retry-After while all places are taken."""
    name, server = single.name, single.server
    fewest, most = IN_FLIGHT[name]
    single.held = [asyncio.create_task(server.get("/work?all", 4 * PATIENCE)) for _ in range(most + 20)]

    def asked() -> tuple[int, int]:
        return len(single.held), sum(task.done() for task in single.held)

    state = await accounted(single, asked)
    answers = [task.result() for task in single.held if task.done() and not task.exception()]
    taken, refused = state["work"], [answer for answer in answers if answer.status == 503]
    sent = f"Under the profile {name}, {len(single.held)} requests came to one worker. It took {taken} of them"

    broken = next((error for task in single.held if task.done() and (error := task.exception())), None)
    assert broken is None, (
        f"{sent}, and another one got no whole answer: {broken}. Who is refused gets a 503, and that to its end.{server.told()}"
    )
    queued = len(single.held) - taken - len(answers)
    assert not any(answer.status == 200 for answer in answers), f"{sent}, and answered before they were done."
    assert queued == 0, (
        f"{sent}, refused {len(refused)}, and let {queued} wait for a place. They wait for nothing: who came to a full house is told so at once."
    )
    assert taken <= most, (
        f"{sent} at a time; at most {most} are asked for. "
        + (f"Each computes for 50 ms, one after the other: the last one waits for {taken * 0.05:.1f} s." if name == "cpu-bound"
           else "Each costs memory, a thread, and somebody else's patience.")
    )
    assert taken >= fewest, f"{sent} at a time; at least {fewest} are asked for. The others were refused by a worker that had hardly anything to do."
    strange = next((answer for answer in answers if answer.status != 503), None)
    assert strange is None, f"{sent}, and answered {strange.status if strange else ''} to another. Who is refused gets a 503."
    for answer in refused:
        after = answer.headers.get("retry-after", "")
        seconds = int(after) if after.isascii() and after.isdigit() else 0
        assert seconds >= 1, (
            f"{sent}. The others were refused with the header Retry-After {after!r}: it is a whole number of seconds, at least 1. Without it "
            "clients ask again at once, all of them."
        )


@pytest.mark.live
async def test_threads_are_as_many_as_are_of_use(single: Running) -> None:
    """CPU-bound, at most two `def` endpoints compute at a time in a worker; IO-bound, each request that was taken has its thread."""
    state = await accounted(single, lambda: (len(single.held), sum(task.done() for task in single.held)))
    taken, threads = state["work"], state["threads"]

    if single.name == "cpu-bound":
        assert threads <= MOST_COMPUTING, (
            f"CPU-bound, {threads} of {taken} requests compute at a time in one worker. The GIL lets one of them compute: the others get in its way, "
            f"and each takes {threads} times as long. At most {MOST_COMPUTING} are asked for."
        )
        assert threads >= 1, f"CPU-bound, none of {taken} requests computes."
    else:
        assert threads == taken, (
            f"IO-bound, the worker took {taken} requests and has {plural(threads, 'thread')} for them. The others wait for a thread, and not yet for "
            "what they have come for: that is a queue which nobody sees."
        )


@pytest.mark.live
async def test_a_place_is_free_again(single: Running) -> None:
    """Who was answered gives its place back, and so does who failed; then others are taken."""
    single.let("all")
    answers = await asyncio.gather(*single.held, return_exceptions=True)
    good = [answer for answer in answers if isinstance(answer, Answered) and answer.status == 200]
    refused = [answer for answer in answers if isinstance(answer, Answered) and answer.status == 503]
    lost = len(answers) - len(good) - len(refused)
    assert not lost, f"{lost} of {len(good) + lost} requests that were taken got no right answer.{single.server.told()}"
    for _ in range(IN_FLIGHT[single.name][1] + 1):
        answer = await single.server.get("/boom")
        if answer.status == 503:
            raise Red("When many requests had failed with an exception, one after the other, the worker was full: nothing is in flight, and it "
                      "refuses whoever comes. Each of them has kept its place.")
    answer = await single.server.get("/work?all")
    assert answer.status == 200, f"When all had been answered, the next request was answered with {answer.status}: the places were not given back."


@pytest.mark.live
async def test_a_single_worker_goes_on(single: Running) -> None:
    """A single worker is never recycled, however many requests it has answered."""
    pid = next(iter(single.workers))
    await single.obeyed(single.tell("age", str(2 * MOST)), 1)
    alive = await single.server.get("/work?all") if single.server.ended is None else None

    goes_on = alive is not None and single.workers.keys() == {pid}
    assert goes_on, (
        f"With one worker, WEB_CONCURRENCY=1, the service has ended after so many requests ({single.server.told_end()}): nobody replaces that worker."
    )


@pytest.mark.live
async def test_idle_connections_are_kept_long_enough(single: Running) -> None:
    """A connection on which nothing is asked is kept for longer than the load balancer's 60 s, and not for longer than ten minutes."""
    for _ in range(3):  # on a busy machine more seconds may have passed than the judge has let pass
        connection = await Connection.open(single.server)
        await connection.get("/health/state")
        hung_up = asyncio.create_task(connection.hung_up())
        await single.obeyed(single.tell("leap", str(BALANCER + 0.2)), 1)
        await asyncio.sleep(0.05)
        if not hung_up.done():
            break
    assert not hung_up.done(), (
        f"A connection was idle for {BALANCER} s, by the service's clock, and the service hung up. The load balancer keeps it for as long. When that "
        "sends a request at this moment, the request is lost, and a 502 is what somebody sees. The server has to be the more patient one."
    )
    single.tell("leap", str(LONGEST_IDLE - BALANCER))
    closed = await happens(hung_up.done, PATIENCE)
    assert closed, f"A connection was idle for {LONGEST_IDLE} s, by the service's clock, and the service still keeps it."


@pytest.mark.live
async def test_the_end_waits_but_not_for_ever(single: Running) -> None:
    """After a SIGTERM, requests that take up to 5 s are answered; by 25 s the service has ended, also when one hangs."""
    server = single.server
    idle = await Connection.open(server)
    await idle.get("/health/state")
    idle.write(b"G")  # the beginning of a request: the connection isn't closed for being idle
    quick, hanging = (asyncio.create_task(server.get(f"/wait?{name}", 4 * PATIENCE)) for name in ("quick", "never"))
    await accounted(single, lambda: (2, 0))
    await server.terminate()
    await asyncio.wait_for(idle.hung_up(), PATIENCE)
    begun = single.tell("leap", "0")
    await single.obeyed(begun, 1)  # by now it waits for its requests
    await single.obeyed(single.tell("leap", str(LONGEST_REQUEST - 1.5)), 1)
    single.let("quick")
    answer = (await asyncio.gather(quick, return_exceptions=True))[0]
    waited = single.clock("cancelled-quick") - single.clock(f"clock-{begun}")
    answered = isinstance(answer, Answered) and answer.status == 200
    assert answered or waited >= LONGEST_REQUEST, (
        f"A request was in flight when the SIGTERM came, and was to be answered {LONGEST_REQUEST - 1.5:g} s later, by the service's clock. It was "
        f"dropped before: requests may take up to {LONGEST_REQUEST} s, and are waited for.{server.told()}"
    )
    await single.obeyed(single.tell("leap", str(LATEST_END - LONGEST_REQUEST + 1.5)), 1)
    given_up = bool(single.noted("cancelled-never")) or server.ended is not None
    ended = given_up and await server.ends(PATIENCE)
    hanging.cancel()
    await asyncio.gather(hanging, return_exceptions=True)
    assert given_up, (
        f"A request hangs. {LATEST_END} s after the SIGTERM, by the service's clock, the service still waits for it. At 30 s it will be killed, in "
        "the middle of whatever it does then: its own timeout has to be shorter than the time that it is given."
    )
    assert ended, f"After a SIGTERM the service gave up a request that hangs, and has not ended.{server.told()}"


@pytest_asyncio.fixture(loop_scope="session", scope="module", params=NAMES)
async def double(request: pytest.FixtureRequest) -> AsyncIterator[Running]:
    """The service with two workers."""
    # How many there are is up to the profile of which it is known, wherever this process may use two CPUs.
    functions: Functions = await request.config.stash[RUN].functions("4.6")
    try:
        unsaid = request.param == "cpu-bound" and await ask(functions, "usable", 2) == 2
    finally:
        await functions.close()
    async with under(request, request.param, 2, said=not unsaid) as running:
        yield running


async def living(running: Running) -> set[int]:
    """The workers that have started and still run."""
    return running.workers.keys() & {each["pid"] for each in await running.server.tree()}


async def becomes(running: Running, what: Callable[[set[int]], bool]) -> bool:
    """Waits until the living workers are as ``what`` says; whether they are.

    The supervisor may just have asked the worker that ends for a sign of life, and then waits for it as long as the profile says.
    """
    for _ in range(int((REPLACED + PATIENCE) / 0.05)):
        if what(await living(running)):
            return True
        await asyncio.sleep(0.05)
    return False


@pytest.mark.live
@pytest.mark.timeout(400)
async def test_workers_are_replaced_one_after_the_other(double: Running) -> None:
    """When one of two workers has had its share of requests, the other one goes on answering until there is a new one."""
    for _ in range(5):
        limits = {pid: double.workers[pid] for pid in await living(double)}
        assert "None" not in limits.values(), f"Under the profile {double.name}, no worker is ever replaced, however many requests it has answered."
        numbers = {pid: int(limit) if limit.isdecimal() else 0 for pid, limit in limits.items()}
        if len(set(numbers.values())) > 1:
            break
        await double.server.signal(signal.SIGKILL, next(iter(numbers)))  # the next one draws anew
        await becomes(double, lambda now, before=set(numbers): len(now) == 2 and now != before)
    assert len(set(numbers.values())) > 1, (
        f"Under the profile {double.name}, both workers end after exactly {numbers.popitem()[1]} requests, and the same load ends both at once. "
        "Until new ones have started, which takes seconds, nobody answers."
    )
    await double.obeyed(double.tell("age", str(FEWEST - 1)), 2)
    young = await living(double)
    assert young == numbers.keys(), f"Under the profile {double.name}, a worker was replaced before it had {FEWEST:,} requests."
    first, second = sorted(numbers, key=lambda pid: numbers[pid])
    double.tell("age", str(numbers[first]))
    assert await becomes(double, lambda now: first not in now), f"The worker {first} was to end after {numbers[first]} requests and did not."
    double.let("all")
    answer = await double.server.get("/work?all")
    assert answer.status == 200, f"While one of two workers was replaced, a request was answered with {answer.status}."
    assert second in await living(double), "Both workers ended at the same time."
    replaced = await becomes(double, lambda now: len(now) == 2)
    assert replaced, f"A worker ended after so many requests, and none has taken its place.{double.server.told()}"
    double.tell("age", str(MOST + MOST))
    assert await becomes(double, lambda now: second not in now), f"After {2 * MOST:,} requests the worker {second} was not replaced."


@pytest.mark.live
async def test_a_worker_that_stands_still_is_left_alone(request: pytest.FixtureRequest) -> None:
    """A worker that shows no sign of life for ten seconds, as while a model is loaded that keeps the GIL, isn't killed."""
    async with under(request, random.choice(NAMES), 2) as running:
        victim = random.choice(sorted(running.workers))
        await running.server.signal(signal.SIGSTOP, victim)
        await asyncio.sleep(STOPPED)
        stands = victim in await living(running)
        await running.server.signal(signal.SIGCONT, victim)

        assert stands, (
            f"A worker stood still for {STOPPED:g} s, and the supervisor killed it for being dead. A model whose loading keeps the GIL for longer "
            "than the health check's patience is never loaded: it is killed each time, for ever."
        )


async def test_the_timeouts_are_within_their_limits(learner: Functions) -> None:
    """Idle connections are kept for ten minutes at most, requests that hang given up within 25 s, and workers left alone for 10 s, to the second."""
    for name, profile in (await ask(learner, "decided")).items():
        keep_alive, graceful = profile["keep_alive"], profile["graceful"]
        assert BALANCER < keep_alive <= LONGEST_IDLE, f"{name} keeps an idle connection for {keep_alive} s: longer than 60 s, and for 600 s at most."
        within = graceful is not None and LONGEST_REQUEST <= graceful <= LATEST_END
        assert within, (
            f"{name} waits for {graceful} s for requests in flight: for those of 5 s, and for {LATEST_END} s at most."
        )
        patience = profile["health_check"]
        assert patience >= STANDS, f"{name}: a worker is killed after {patience} s without a sign of life; for {STANDS} s it may be loading a model."
