"""5.4 · The server in its container: found from outside, set from outside, trusting nobody, and stopped without a loss."""

import asyncio
import contextlib
import json
import os
import random
import re
import secrets
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest_asyncio

from dojo.kata import Container, Functions, Image, Inconclusive, Red, beside, exercise, listed, new, plural, tier
from dojo.server import shown
from katas.phase5_containers.asking import asked, wrote

pytestmark = exercise("5.4", edit=("app/serve.py", "Dockerfile"))

#: What a container may do that is allowed nothing it doesn't need: no file of its own to write but below /tmp, no right of root's, now or later.
HARDENED = ("--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--security-opt", "no-new-privileges")
#: A line that uvicorn's supervisor writes: it gives a worker five seconds, which on a busy machine its imports alone may take.
DIED = re.compile(r"Child process \[\d+\] died")
#: Only ends a hang; what hangs is waited for twice. In seconds.
PATIENCE = 60.0
#: For how long is looked for workers that aren't there; only wrong answers wait. In seconds.
LOOKING = 20.0
#: How long a container has to end by itself before it is killed, and for how long its door may stay open then. In seconds.
GRACE, DOOR = 30, 12.0
#: Addresses that nobody has.
CLAIMED = "203.0.113.9"
OTHER_PORT = 9137
ROUTER = Path(__file__).with_name("_container_router.py")
HOST_WHY = ("In a container 127.0.0.1 is the container itself; what comes from outside comes through another interface. HOST says where to listen, "
            "and an "
            "image may set it.")


class Served:
    """A container of the learner's image with the judge's router in it, and a client of it."""

    def __init__(self, container: Container, client: httpx.AsyncClient) -> None:
        self.container = container
        self.client = client

    async def ask(self, path: str, **options: Any) -> Any:
        """What a request is answered, on a connection of its own."""
        headers = {"connection": "close", **options.pop("headers", {})}
        return (await asked(self.container, self.client, "GET", path, headers=headers, **options)).json()


async def place_of_the_router(image: Image) -> str:
    """Where in the image the file is that the judge lays its router over."""
    asks = "import app.routers.compare as m; print('at', m.__file__)"
    done = await image.engine.run("run", "--rm", "--label", image.engine.label, "--entrypoint", "python", image.tag, "-c", asks)
    if found := re.search(r"^at (/\S+)$", done.out, re.M):
        return found[1]
    folder = (await image.saved()).settings.get("WorkingDir") or "/"
    return f"{folder.rstrip('/')}/app/routers/compare.py"


async def start(image: Image, *flags: str, port: int = 8000) -> Container:
    """Starts a container with the judge's router; without its health check, which would ask in between."""
    mount = ("--volume", f"{ROUTER}:{await place_of_the_router(image)}:ro")
    return await image.start(*HARDENED, "--no-healthcheck", *mount, *flags, port=port)


async def serving(container: Container) -> Served:
    """The container, as soon as it answers."""
    try:
        return Served(container, await container.serving(path="/judge/who"))
    except Red as red:
        if "nothing answered" in str(red) and DIED.search(await container.logs()):
            raise Inconclusive("the machine is too busy: uvicorn took workers that gave no sign of life within five seconds for dead, and replaced "
                               "them, again and again") from None
        raise


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def plain(image: Image) -> AsyncIterator[Served]:
    """A container to which nothing is said, with a quota of one CPU."""
    served = await serving(await start(image, "--cpus", "1"))
    yield served
    await served.client.aclose()
    await served.container.remove()


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def told(image: Image, plain: Served) -> AsyncIterator[Served]:
    """A container that is told another port, two workers, and to trust whoever asked the first one; with a quota of one CPU."""
    peer = (await plain.ask("/judge/who"))["host"]
    said = {"PORT": OTHER_PORT, "WEB_CONCURRENCY": 2, "TRUSTED_PROXIES": f"192.0.2.7,{peer}"}
    env = (word for name, value in said.items() for word in ("--env", f"{name}={value}"))
    container = await start(image, "--cpus", "1", *env, port=OTHER_PORT)
    why = f"WEB_CONCURRENCY was 2 and PORT {OTHER_PORT}, with a quota of one CPU. Who says a number has a reason for it."
    await must_have_workers(container, 2, why)
    # That is all that the quota is for; two workers that start on one CPU may take too long for their supervisor.
    await image.engine.must("update", "--cpus", await image.engine.must("info", "--format", "{{.NCPU}}"), container.name)
    served = await serving(container)
    yield served
    await served.client.aclose()
    await served.container.remove()


# -- static


@tier("static")
async def test_the_options_are_words(learner: Functions) -> None:
    """container_options() is a list of words, and server_command() has them among its own."""
    options = await learner.call("app.serve:container_options", new("app.settings:Settings", web_concurrency=3))
    if isinstance(options, list) and not any(str(word).startswith("--forwarded-allow-ips") for word in options):
        raise Red(f"With TRUSTED_PROXIES not set, which means 127.0.0.1, container_options() returned {options!r:.200}, which names nobody. Where "
                  "the command doesn't say whom it trusts, uvicorn takes the variable FORWARDED_ALLOW_IPS, and whoever sets that to * lets everybody "
                  "be everybody, unseen. Say it in any case.")
    settings = new("app.settings:Settings", web_concurrency=3, trusted_proxies="192.0.2.7,192.0.2.8")
    options = await learner.call("app.serve:container_options", settings)
    assert isinstance(options, list), f"container_options() returned {options!r:.200}. The options are a list of words, each an argument of its own."
    assert all(isinstance(word, str) for word in options), f"container_options() returned {options!r:.200}: its words are texts, all of them."

    command = await learner.call("app.serve:server_command", settings)
    if missing := [word for word in options if word not in command]:
        raise Red(f"container_options() has {listed(missing)}, and server_command() has not:\n    {' '.join(map(str, command))}")


@tier("static")
async def test_the_options_follow_the_settings(learner: Functions) -> None:
    """The options say what the settings say, all of it and nothing else, whatever stands in the environment beside them."""
    cpus, number, port = random.randint(9, 40), random.randint(3, 8), random.randint(20000, 29999)
    peers = [f"192.0.2.{last}" for last in random.sample(range(1, 255), 2)]
    for said, usable, fields in (
        ("Nobody says how many workers", cpus, {"trusted_proxies": ",".join(peers), "web_concurrency": None, "profile": ""}),
        (f"WEB_CONCURRENCY is {number}", 1, {"trusted_proxies": peers[0], "web_concurrency": number, "profile": ""}),
        (f"PROFILE is io-bound, which wants {number} workers", cpus, {"trusted_proxies": peers[1], "web_concurrency": None, "profile": "io-bound"}),
    ):
        given = {"host": "127.0.0.1", "port": port, **fields}
        try:
            made = await learner.call(beside(__file__, "_serve_driver.py", "words"), given, usable, number)
        except Red as red:
            raise Red(str(red).replace("words()", "container_options() or server_command()")) from None
        name, words = ("container_options()", made["options"]) if made["command"] is None else ("server_command()", made["command"])
        told = (f"{said}, usable_cpus() says {usable}, HOST is 127.0.0.1, PORT {port}, TRUSTED_PROXIES {fields['trusted_proxies']}. {name} returned\n"
                f"    {shown(words)[-400:]}\nand of an option that stands there twice, the last one holds. ")
        believed = {each.strip() for each in (values(words, "--forwarded-allow-ips") or [""])[-1].split(",")} - {""}
        assert believed == set(str(fields["trusted_proxies"]).split(",")), (
            f"{told}So {listed(sorted(believed)) or 'nobody'} would be believed, and not those alone that TRUSTED_PROXIES names. They come with the "
            "settings; whoever is added by the code or by another variable is trusted unseen."
        )
        for option, expected in (("--host", "127.0.0.1"), ("--port", str(port))):
            there = values(words, option)
            assert not there or there[-1] == expected, f"{told}So {option} is {there[-1]}, expected {expected}."
        there, expected = values(words, "--workers"), str(fields["web_concurrency"] or (number if fields["profile"] else usable))
        if there or said.startswith("Nobody"):
            assert expected == (there or [""])[-1], (
                f"{told}So uvicorn starts {there[-1] if there else 'as many as it likes'}, expected {expected}. A number that is said holds, "
                "and then that of a profile; where neither says one, it is app.tuning.usable_cpus()."
            )


def values(words: list[str], option: str) -> list[str]:
    """What an option of a command is set to, each time that it stands there."""
    pairs = [str(word).partition("=")[::2] if "=" in str(word) else (word, after) for word, after in zip(words, [*words[1:], ""], strict=True)]
    return [str(value) for name, value in pairs if name == option]


# -- behavior


@tier("behavior")
async def test_it_answers_with_nothing_that_it_needs_not(plain: Served) -> None:
    """With nothing set it answers from outside on port 8000, on a file system that it can't write and without any right of root's."""
    answer = await asked(plain.container, plain.client, "GET", "/judge/now-and-then", 404)

    assert answer.status_code == 404
    heard = await plain.container.listening()
    assert not any(address == "loopback" and port == 8000 for address, port in heard), f"It listens on 127.0.0.1. {HOST_WHY}"


@tier("behavior")
async def test_port_and_workers_are_told_from_outside(told: Served) -> None:
    """PORT says where it listens, and WEB_CONCURRENCY how many workers there are."""
    assert (await told.ask("/judge/who"))["scheme"] == "http"


async def must_have_workers(container: Container, expected: int, why: str) -> None:
    """The container has to have so many workers, and not more; one that a supervisor takes for dead and replaces is missing for a moment."""
    until, seen, looks = time.monotonic() + LOOKING, 0, 0
    while time.monotonic() < until:
        found = await workers(container)
        looks = looks + 1 if found == seen else 1
        seen = found
        if looks >= 4 and (seen == expected or seen > expected):  # they are started one after the other
            break
        await asyncio.sleep(0.3)
    assert expected == seen, f"The container has {plural(seen, 'worker')}, expected {expected}. {why}"


async def workers(container: Container) -> int:
    """How many processes serve in a container: the children of the first process that has several, such as a supervisor, or one."""
    first = str((await container.state())["Pid"])
    done = await container.engine.run("top", container.name, "-eo", "pid,ppid,args")
    lines = [line.split(None, 2) for line in done.out.splitlines()[1:]]
    if done.status or not any(line[0] == first for line in lines):
        raise Inconclusive(f"the container engine doesn't say which processes run in the container:\n    {done.err.strip()[:200] or done.out[:200]}")
    lines = [line for line in lines if not re.search(r"resource_tracker|forkserver|<defunct>", line[2])]
    while len(children := [line[0] for line in lines if line[1] == first]) == 1:  # a shell, an init, a program that has started the server
        first = children[0]
    return len(children) or 1


@tier("behavior")
async def test_what_is_written_is_seen_at_once(plain: Served) -> None:
    """What the service prints, and a line for each request, is on stdout while it runs."""
    word, other = secrets.token_hex(4), secrets.token_hex(4)
    await plain.ask(f"/judge/says/{other}")
    # The line that is written for an answer would push out whatever waits in the same buffer.
    asking = asyncio.create_task(plain.client.get(f"/judge/prints/{word}", timeout=PATIENCE, headers={"connection": "close"}))
    until = time.monotonic() + 5.0
    while True:
        out = (await plain.container.engine.run("logs", plain.container.name)).out
        printed, line = f"judge prints {word}" in out, f"/judge/says/{other}" in out
        if (printed and line) or time.monotonic() > until:
            break
        await asyncio.sleep(0.1)
    await let_go(plain.container, word)
    await asyncio.gather(asking, return_exceptions=True)
    if printed and line:
        return
    if not printed:
        raise Red("An endpoint has printed a line, and 5 s later stdout has nothing of it. Into a pipe Python writes when it has "
                  "some "
                  "kilobytes together: of a service that crashes, the last lines are those that nobody gets. An image can say that it is not to "
                  "wait.")
    elsewhere = "It is on stderr. " if f"/judge/says/{other}" in (await plain.container.engine.run("logs", plain.container.name)).err else ""
    raise Red(f"A request was answered, and 5 s later stdout has no line of it. {elsewhere}Where a container runs, what it writes to stdout is "
              "collected; "
              "a file in it is gone with it.")


@tier("behavior")
async def test_anybody_may_not_say_that_they_are_somebody(plain: Served, told: Served) -> None:
    """X-Forwarded-For and X-Forwarded-Proto are believed when they come from a trusted proxy, and only then."""
    claims = {"x-forwarded-for": CLAIMED, "x-forwarded-proto": "https"}

    who = await plain.ask("/judge/who", headers=claims)
    assert CLAIMED != who["host"], (
        f"A client that nobody has called trusted sent X-Forwarded-For: {CLAIMED}, and to the service it is {CLAIMED} now. With that, everybody "
        "may be "
        "everybody: in the log, for a limit per address, for a list of those who may."
    )
    assert "http" == who["scheme"], "A client that nobody has called trusted sent X-Forwarded-Proto: https, and the service takes its http for that."

    who = await told.ask("/judge/who", headers=claims)
    for what, expected in (("host", CLAIMED), ("scheme", "https")):
        assert expected == who[what], (
            f"TRUSTED_PROXIES names the one that asks, and it sent X-Forwarded-For: {CLAIMED} and X-Forwarded-Proto: https. To the service the "
            "client's "
            f"{what} is {who[what]}, expected {expected}: behind a load balancer all clients are one, and links lead to http."
        )


@tier("behavior")
async def test_the_quota_says_how_many_workers(image: Image, plain: Served) -> None:
    """Without WEB_CONCURRENCY a container with one CPU has one worker, and one with two has two."""
    why = "Nobody said how many; app.tuning.usable_cpus() says how many the quota pays for. The machine's CPUs aren't the container's."
    await must_have_workers(plain.container, 1, f"Its quota is one CPU (--cpus 1). {why}")
    if len(os.sched_getaffinity(0)) < 2 if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1) < 2:
        return
    info = json.loads(await image.engine.must("info", "--format", "{{json .NCPU}}"))
    if info < 2:
        return
    two = await start(image, "--cpus", "2", "--cpuset-cpus", "0,1")
    await must_have_workers(two, 2, f"Its quota is two CPUs (--cpus 2). {why}")
    await two.remove()


@tier("behavior")
async def test_a_request_survives_the_stop(plain: Served) -> None:
    """A request that is in flight at `docker stop` is answered; then the container ends with exit code 0."""
    await must_survive(plain)


@tier("behavior")
async def test_a_request_survives_the_stop_of_two_workers(told: Served) -> None:
    """So it is with two workers."""
    await must_survive(told)


async def must_survive(served: Served) -> None:
    """Stops a container while a request is held in it, lets that go when the door is closed, and looks how both end."""
    container, word = served.container, secrets.token_hex(4)
    request = asyncio.create_task(served.client.get(f"/judge/waits/{word}", timeout=PATIENCE, headers={"connection": "close"}))
    stopping: asyncio.Task[int] | None = None
    try:
        until = time.monotonic() + PATIENCE
        while f"judge waits {word}" not in await container.logs():
            if request.done() or time.monotonic() > until:
                raise Inconclusive(f"a request that the judge holds did not come to its endpoint.\n{await wrote(container)}")
            await asyncio.sleep(0.05)
        stopping = asyncio.create_task(container.stop(GRACE))
        until = time.monotonic() + DOOR
        while not (closed := not await takes_requests(served)) and time.monotonic() < until and not stopping.done():
            await asyncio.sleep(0.1)
        await asyncio.sleep(1.5)  # who waits for a second, and no longer, has given up by now
        await let_go(container, word)
        answer: httpx.Response | None = None
        with contextlib.suppress(httpx.TransportError):
            answer = await request
        code = await stopping
    finally:
        for task in (request, stopping):
            if task is not None and not task.done():
                task.cancel()
        await asyncio.gather(*(task for task in (request, stopping) if task is not None), return_exceptions=True)
    if (code or answer is None or answer.status_code != 200) and (died := DIED.search(await container.logs())):
        raise Inconclusive(f"the machine is too busy: uvicorn took a worker that gave no sign of life for dead, and replaced it ({died[0]})")
    if code == 137:
        heard = "" if closed else (" It went on to take requests, as if it had heard nothing: is the server process 1, or does that hand the "
                                   "signal on?")
        raise Red(f"`docker stop` sent the signal to stop, and {GRACE} s later the container had not ended and was killed (exit code "
                  f"137).{heard}\n{await wrote(container)}")
    if answer is None or answer.status_code != 200:
        got = "no answer" if answer is None else f"a {answer.status_code}"
        raise Red(f"A request was in flight at `docker stop`, which gives {GRACE} s. It was let go two seconds after the signal, and got {got}: "
                  "the server did not wait "
                  f"for it.\n{await wrote(container)}")
    assert 0 == code, (
        f"The request was answered, and the container ended with exit code {code}, expected 0. Whoever watches it takes anything else for a "
        f"crash.\n{await wrote(container)}"
    )


async def let_go(container: Container, word: str) -> None:
    """Lets the request go that is held by this word."""
    await container.engine.run("exec", container.name, "python", "-c", f"open('/tmp/judge-{word}', 'w').close()")


async def takes_requests(served: Served) -> bool:
    """Whether the service still takes a new request."""
    try:
        await served.client.get("/judge/who", timeout=3, headers={"connection": "close"})
    except httpx.TransportError:
        return False
    return True
