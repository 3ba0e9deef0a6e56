"""4.1 · The service runs in several processes: each answers, one that dies is replaced, and all end together."""

import asyncio
import random
import re
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import pytest_asyncio

from dojo.kata import Functions, Red, exercise, listed, new, plural
from dojo.plugin import RUN
from dojo.server import Connection, Port, Server, serving, shown
from katas.phase4_tuning.workers import ON_TWO_CPUS, OVERLAY, WORKER_PATIENCE, Taken, Workers, gathered, happens, processes

pytestmark = exercise("4.1", edit="app/serve.py")

COMMAND = "app.serve:server_command"

#: After a SIGTERM a server that isn't asked anything any more has ended by then, in seconds; only wrong answers wait so long.
END_PATIENCE = 20.0
#: For how long requests stay in flight after the workers were seen to stop, in seconds: longer than a server needs that drops them.
HELD_ON = 2.5


async def command(learner: Functions, **settings: Any) -> list[str]:
    """What server_command() makes of these settings; raises `Red` when that is no command."""
    value = await learner.call(COMMAND, new("app.settings:Settings", **settings))
    told = f"server_command({', '.join(f'{name}={each!r}' for name, each in settings.items())})"
    if not isinstance(value, list):
        raise Red(f"{told} returned {value!r:.200}. A command is a list of words, each an argument of its own: no shell takes it apart.")
    strange = [word for word in value if not isinstance(word, str)]
    if strange:
        raise Red(f"{told} has {strange[0]!r} among its words, which are texts, all of them:\n    {shown([str(word) for word in value])}")
    return value


def says(argv: list[str], number: int) -> bool:
    """Whether a number stands somewhere in a command."""
    return bool(re.search(rf"(?<!\d){number}(?!\d)", shown(argv)))


async def test_the_command_is_made_of_the_settings(learner: Functions) -> None:
    """server_command() is a list of texts, with the host, the port and the number of workers of the settings that it was given."""
    for workers in (random.randint(17, 48), random.randint(49, 96)):
        host, port = f"127.0.0.{random.randint(100, 250)}", random.randint(20_000, 60_000)
        argv = await command(learner, host=host, port=port, web_concurrency=workers)
        for name, value, there in (("host", host, host in " ".join(argv)), ("port", port, says(argv, port)),
                                   ("web_concurrency", workers, says(argv, workers))):
            assert there, (
                f"The settings had a {name} of {value}, and this is the command:\n    {shown(argv)}\nIt doesn't say {value}. "
                "It is made of the settings that it is given; whoever deploys the service changes those, and not the code."
            )


async def test_the_command_needs_no_number_of_workers(learner: Functions) -> None:
    """Where web_concurrency is None, there is a command all the same, and None isn't a word of it."""
    argv = await command(learner, port=random.randint(20_000, 60_000), web_concurrency=None)

    assert not re.search(r"\bNone\b", " ".join(argv)), (
        f"With a web_concurrency of None this is the command:\n    {shown(argv)}\nNone is Python's word for \"not set\"; uvicorn takes it for a "
        "number that it can't read, and ends."
    )


@pytest.mark.live
@pytest.mark.parametrize("workers", [2, None])
async def test_the_command_serves(request: pytest.FixtureRequest, learner: Functions, workers: int | None) -> None:
    """The command of server_command() serves app.main:app where the settings say, with as many processes as they say."""
    port = Port()
    argv = await command(learner, host="127.0.0.1", port=port.number, web_concurrency=workers)
    try:
        async with serving(request.config.stash[RUN].launcher.root, argv, port, overlay=OVERLAY) as server:
            seen = Workers(server)
            taken = await gathered(seen, workers or 1)
            for each in taken:
                each.finish()
                await each.answer()
    except Red as red:
        raise Red(f"The command was\n    {shown(argv)}\n{red}") from None
    finally:
        port.close()


# -- python -m app.serve


#: Where it listens: on Linux an address of the loopback interface that nobody takes by default.
HOST = f"127.0.0.{random.randint(2, 250)}" if sys.platform == "linux" else "127.0.0.1"


@dataclass
class Running:
    """``python -m app.serve`` with ``count`` workers."""

    workers: Workers
    count: int
    #: The requests that are in flight in its workers.
    taken: list[Taken] = field(default_factory=list)


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def running(request: pytest.FixtureRequest) -> AsyncIterator[Running]:
    """The service as ``python -m app.serve`` starts it, with more workers than CPUs; the tests below go through its life."""
    port, count = Port(HOST), random.choice((3, 4))
    env = {"HOST": HOST, "PORT": str(port.number), "WEB_CONCURRENCY": str(count)}
    try:
        async with serving(request.config.stash[RUN].launcher.root, ON_TWO_CPUS, port, env=env, overlay=OVERLAY, host=HOST) as server:
            yield Running(Workers(server), count)
    except Red as red:
        raise Red(f"python -m app.serve, with HOST={HOST}, PORT={port.number} and WEB_CONCURRENCY={count}:\n{red}") from None
    finally:
        port.close()


def alive(running: Running) -> None:
    """Raises `Red` when the process that was started has ended."""
    server = running.workers.server
    if server.ended is not None:
        raise Red(f"The process of python -m app.serve has ended ({server.told_end()}), and the service that it had started goes on without it. "
                  "Whoever started it takes it for gone: in a container, all that is left is killed at this moment.")


@pytest.mark.live
async def test_as_many_processes_answer(running: Running) -> None:
    """python -m app.serve serves with as many processes as WEB_CONCURRENCY says, where HOST and PORT say; each of them answers."""
    workers, server = running.workers, running.workers.server
    taken = await gathered(workers, running.count)
    for each in taken:
        each.finish()
        await each.answer()
    places = await server.listening()

    held = {each.process for each in taken}
    assert len(held) == running.count, f"{plural(running.count, 'request')} were held at once, in {processes(len(held))}."
    started = await workers.all_there()
    assert len(started) == running.count, f"WEB_CONCURRENCY was {running.count}, and {processes(len(started))} started the application."
    assert not places or places == [f"{HOST}:{server.port}"], (
        f"HOST was {HOST} and PORT {server.port}, and the service listens on {listed(places)}: "
        "who may reach it is decided by whoever deploys it."
    )
    alive(running)


@pytest.mark.live
async def test_a_worker_that_was_killed_is_replaced(running: Running) -> None:
    """When workers are killed, as for want of memory, others take their places, and again as many answer."""
    workers, count = running.workers, running.count
    if not workers.answered:  # when this test runs alone
        for each in await gathered(workers, count):
            each.finish()
            await each.answer()
    at_first = set(workers.answered)
    victim = random.choice(sorted(at_first))
    replacement = await replaced(running, f"One of {count} workers, the process {victim}, was killed", {victim})
    other = random.choice(sorted(at_first - {victim}))
    told = f"One of {count} workers had been replaced; the new one, {listed(sorted(replacement))}, and another one were killed at the same moment"
    await replaced(running, told, {*replacement, other})
    for each in await gathered(workers, count):
        each.finish()
        await each.answer()


async def replaced(running: Running, told: str, victims: set[int]) -> set[int]:
    """Kills workers at the same moment and waits until others have taken their places; who these are. Raises `Red` when they aren't as many."""
    workers, server, count = running.workers, running.workers.server, running.count
    before = workers.started
    parents = {each["parent"] for each in await server.tree() if each["pid"] in victims}
    # Whoever has to replace them learns of all of them at once: signals that come while it is stopped are one.
    for number, whom, become in ((signal.SIGSTOP, parents, "T"), (signal.SIGKILL, victims, ""), (signal.SIGCONT, parents, None)):
        for process in whom:
            await server.signal(number, process)
        await have_become(server, whom, become)
    there = await workers.are(len(before) + len(victims))
    alive(running)

    if not there:
        missing = len(before) + len(victims) - len(workers.started)
        raise Red(f"{told}. After {WORKER_PATIENCE:.0f} s, the patience limit, "
                  + (f"no other had taken {'its place' if len(victims) == 1 else 'their places'}" if missing == len(victims) else
                     f"{len(victims) - missing} had been replaced")
                  + f": the service goes on with {count - missing}, and with fewer after each such night.{server.told()}")
    new_ones = await workers.all_there() - before
    assert len(new_ones) == len(victims), f"{told}, and {len(new_ones)} started in their place."
    return new_ones


async def have_become(server: Server, whom: set[int], state: str | None) -> None:
    """Waits until processes are in a ``state``, ``""`` for those that have ended; not for long, as one that hangs is judged by what comes."""
    until = asyncio.get_running_loop().time() + END_PATIENCE
    while state is not None and asyncio.get_running_loop().time() < until:
        if all(each["state"].upper() == state for each in await server.tree() if each["pid"] in whom):
            return
        await asyncio.sleep(0.005)


@pytest.mark.live
async def test_requests_in_flight_are_answered_after_a_sigterm(running: Running) -> None:
    """After a SIGTERM to the one process that was started, all workers stop, and each of them answers what it has in flight."""
    workers, count = running.workers, running.count
    idle = await idle_connections(await gathered(workers, count))
    running.taken = await gathered(workers, count)
    for each in running.taken:
        await each.free()
    await stops(running.workers, running.taken, idle, f"Each of {count} workers had a request", HELD_ON)


async def stops(workers: Workers, taken: list[Taken], idle: list[Connection], who: str, held_on: float = 0.0) -> None:
    """Sends the SIGTERM to the process that was started, and raises `Red` unless all that ``taken`` have in flight is answered.

    Once the workers have hung up on the ``idle`` connections they have heard of it; ``held_on`` seconds later the requests may go on.
    """
    server = workers.server
    await server.terminate()
    stopping = [asyncio.create_task(connection.hung_up()) for connection in idle]
    noticed = await happens(lambda: all(task.done() for task in stopping) or server.ended is not None, END_PATIENCE)
    for task in stopping:
        task.cancel()
    if server.ended is None:
        await asyncio.sleep(held_on)
    left_behind = len(await server.tree()) if server.ended is not None else 0
    for each in taken:
        each.finish()
    answers = await asyncio.gather(*(each.answer() for each in taken), return_exceptions=True)
    lost = [answer for answer in answers if isinstance(answer, BaseException) or answer.status != 200]
    sent = f"{who} in flight when the process of python -m app.serve got a SIGTERM."

    if left_behind:
        raise Red(f"{sent} That process ended at once ({server.told_end()}), with {processes(left_behind)} left behind.\n"
                  "A SIGTERM goes to one process. If that is not the server itself, it has to pass the signal on, and to wait.")
    if not noticed:
        raise Red(f"{sent} After {END_PATIENCE:.0f} s, the patience limit, its workers go on as if nothing had been.{server.told()}")
    if lost:
        raise Red(f"{sent} {len(lost)} of them got no answer: {shown_error(lost[0])}. What was accepted is answered; only what comes later "
                  f"is for somebody else.{server.told()}")


async def idle_connections(taken: list[Taken]) -> list[Connection]:
    """A connection to each of these workers on which nothing is asked. A worker that stops closes its own at once."""
    for each in taken:
        each.finish()
        await each.answer()
        # The beginning of a request, so that it isn't closed for having been idle for too long.
        each.connection.write(b"G")
    return [each.connection for each in taken]


def shown_error(lost: Any) -> str:
    """What became of a request, in words."""
    if isinstance(lost, TimeoutError):
        return "nothing came"
    return f"{lost}" if isinstance(lost, BaseException) else f"it was answered with {lost.status}"


@pytest.mark.live
async def test_no_process_is_left_after_a_sigterm(running: Running) -> None:
    """When the last answer is given, all of its processes end, the one that was started last."""
    await nobody_is_left(running.workers.server)


async def nobody_is_left(server: Server) -> None:
    """Raises `Red` unless all processes of a server end that was asked to, and has answered all."""
    ended = await server.ends(END_PATIENCE)
    left: list[dict[str, Any]] = await server.tree()
    for _ in range(int(END_PATIENCE / 0.05) if ended else 0):
        if not left:
            break
        await asyncio.sleep(0.05)
        left = await server.tree()

    if not ended:
        raise Red(f"{END_PATIENCE:.0f} s after the last answer, the patience limit, the process of python -m app.serve still runs, "
                  f"{'alone' if len(left) < 2 else f'with {len(left) - 1} others'}. Whoever asked it to end will kill it.{server.told()}")
    if left:
        raise Red(f"The process of python -m app.serve has ended, and {processes(len(left))} of the service "
                  f"run{'s' if len(left) == 1 else ''} on, such as\n    {left[0]['command'][:70]}\nNobody knows of them, and they keep the port.")


@pytest.mark.live
async def test_it_serves_without_a_number_of_workers(request: pytest.FixtureRequest) -> None:
    """python -m app.serve serves where HOST and PORT say, also where WEB_CONCURRENCY isn't set, and ends as well as with it."""
    port = Port(HOST)
    env = {"HOST": HOST, "PORT": str(port.number)}
    try:
        async with serving(request.config.stash[RUN].launcher.root, ON_TWO_CPUS, port, env=env, overlay=OVERLAY, host=HOST) as server:
            workers = Workers(server)
            idle, taken = await idle_connections(await workers.take(1)), await workers.take(1)  # how many workers there are is left open
            if not idle or not taken:
                raise Red(f"It listens, and no worker took a request.{server.told()}")
            for each in taken:
                await each.free()
            await stops(workers, taken, idle, "A worker had a request")
            await nobody_is_left(server)
    except Red as red:
        raise Red(f"python -m app.serve, with HOST={HOST} and PORT={port.number}, and without WEB_CONCURRENCY:\n{red}") from None
    finally:
        port.close()
