"""5.6 · The same load on the container with and without a limit of CPU, and what of it is left."""

import asyncio
import math
import random
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from dojo import services
from dojo.evidence import raised
from dojo.kata import Container, Functions, Image, Inconclusive, Red, beside, exercise, tier
from dojo.plugin import RUN
from dojo.workspace import SOLUTIONS
from katas.phase3_load_testing.tables import Row, Table, read
from katas.phase5_containers.asking import asked

pytestmark = exercise("5.6", edit="app/loadtest/compare.py")

#: What compare_limit() is built of comes from solutions/, so that it alone is judged.
GIVEN = ("app/loadtest/run.py", "app/loadtest/analysis.py", "locustfile.py")
FIELDS = ("requests", "rps", "p50_s", "p95_s", "p99_s", "failure_rate")
FREE, LIMITED = "http://127.0.0.1:9", "http://127.0.0.1:19"
#: Starting processes and importing what draws take long on a busy machine. In seconds; only ends a hang.
PATIENCE = 120.0

#: The live load, and the limit: a fifth of a CPU, which no generator of load on the rest of a machine can't keep busy.
USERS, SECONDS, CPUS = 20, 4.0, 0.2
#: Locust's `--run-time` counts from before its imports unless gevent's loop comes around once more.
ON_TIME = """

import gevent
from locust import events

events.init.add_listener(lambda **_: gevent.sleep(0))
"""


class Compared:
    """The learner's compare_limit() in a host, on what else it needs from solutions/."""

    def __init__(self, functions: Functions, folder: Path) -> None:
        self._functions = functions
        self._folder = folder
        self._count = 0

    def table(self, requests: int, failures: int, times: tuple[int, int, int] | None, seconds: float = 18.0) -> tuple[Table, str]:
        """The statistics of a run, and the file in which they stand."""
        self._count += 1
        table = Table([Row("/predict/async", requests, failures, times)] if requests else [], seconds)
        return table, str(table.write(self._folder / f"{self._count}_stats.csv"))

    async def __call__(self, *arguments: Any, plan: dict[str, str] | None = None) -> dict[str, Any]:
        """What comes of a call; with a ``plan`` run() only seems to run, and leaves the statistics that it has for each host."""
        drawing = services.kept_folder("matplotlib")
        try:
            return dict(await self._functions.call(beside(__file__, "_limit_driver.py", "attempt"), list(arguments), str(drawing), plan,
                                                   patience=PATIENCE))
        except Red as red:
            raise Red(str(red).replace("attempt()", "compare_limit()")) from None


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def compared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Compared]:
    """The learner's compare_limit()."""
    launcher = request.config.stash[RUN].launcher
    given = {name: (SOLUTIONS / name).read_text(encoding="utf-8") + (ON_TIME if name == "locustfile.py" else "") for name in GIVEN}
    functions = Functions(launcher, {"do": "work", "root": str(launcher.root), "env": {}, "overlay": given}, "5.6")
    yield Compared(functions, tmp_path_factory.mktemp("compared"))
    await functions.close()


def value_of(call: str, done: dict[str, Any]) -> dict[str, Any]:
    """The fields of the Limited that a call returned; raises `Red` for anything else."""
    if "raised" in done:
        raise Red(f"{call} raised {raised(done['raised'])}")
    value = done["value"]
    if "type" in value:
        raise Red(f"{call} returned {value['shown']}, a {value['type']}. It returns a Limited.")
    for name in ("free", "limited"):
        if "shown" in value[name]:
            raise Red(f"{call} returned a Limited whose `{name}` is {value[name]['shown']}. It is a LoadSummary.")
    for name in ("throughput_kept", "p95_factor"):
        if isinstance(value[name], dict):
            raise Red(f"{call} returned a Limited whose `{name}` is {value[name]['shown']}. It is a number.")
    return dict(value)


def close(expected: float | None, value: Any) -> bool:
    """Whether a number is the expected one, but for rounding."""
    if expected is None or value is None:
        return expected is value
    return isinstance(value, int | float) and math.isclose(expected, value, rel_tol=0.01, abs_tol=1e-9)


def in_short(summary: dict[str, Any]) -> str:
    """A summary, in short."""
    return ", ".join(f"{name}={value:.4g}" if isinstance(value, float) else f"{name}={value}" for name, value in summary.items())


def must_agree(call: str, value: dict[str, Any], free: dict[str, Any], limited: dict[str, Any]) -> None:
    """What was returned has to be what Locust measured, and what follows from it."""
    for name, expected in (("free", free), ("limited", limited)):
        if not all(close(expected[field], value[name].get(field)) for field in FIELDS):
            raise Red(f"Of the {name} one, Locust measured\n    {in_short(expected)}\nand {call} returned\n    {in_short(value[name])}")
    kept, factor = limited["rps"] / free["rps"], limited["p95_s"] / free["p95_s"]
    assert close(kept, value["throughput_kept"]), (
        f"Without the limit there were {free['rps']:.4g} requests a second, with it {limited['rps']:.4g}. Of 1, {kept:.3g} is left; {call} says that "
        f"`throughput_kept` is {value['throughput_kept']:.4g}."
    )
    assert close(factor, value["p95_factor"]), (
        f"Without the limit p95 was {free['p95_s']:.4g} s, with it {limited['p95_s']:.4g} s, which is {factor:.4g} times as long; {call} says that "
        f"`p95_factor` is {value['p95_factor']:.4g}."
    )


# -- without a container


@tier("static")
async def test_both_runs_are_compared(compared: Compared) -> None:
    """It returns the summaries of both runs, what part of the throughput is left, and by how much longer p95 is."""
    for one, other in (((2268, 0, (100, 200, 300)), (936, 0, (250, 500, 600))), ((900, 0, (20, 40, 70)), (990, 0, (10, 30, 50))),
                       ((random.randint(4000, 9000), 0, (11, 24, 90)), (random.randint(100, 900), 0, (210, random.randint(400, 900), 950)))):
        # Locust's runs don't last equally long, so the requests of both say less than those of a second.
        (free, free_file), (limited, limited_file) = compared.table(*one), compared.table(*other, seconds=random.uniform(8, 12))
        call = f'compare_limit("{FREE}", "{LIMITED}", 12, 7.0)'

        done = await compared(FREE, LIMITED, 12, 7.0, plan={FREE: free_file, LIMITED: limited_file})

        must_agree(call, value_of(call, done), free.summary(), limited.summary())


@tier("static")
async def test_both_get_the_same_load(compared: Compared) -> None:
    """AsyncUser loads the free one, then the limited one: as many users, who come all at once, for as long."""
    files = [compared.table(*figures)[1] for figures in ((2268, 0, (100, 200, 300)), (936, 0, (200, 400, 600)))]
    for users, seconds in ((random.randint(3, 90), random.randint(2, 20) + 0.5), (None, None)):
        arguments = [FREE, LIMITED, *([users, seconds] if users else [])]
        call = f"compare_limit({', '.join(repr(each) for each in arguments)})"

        done = await compared(*arguments, plan=dict(zip((FREE, LIMITED), files, strict=True)))

        value_of(call, done)
        runs = sorted(done["runs"], key=lambda run: run["begun"])
        hosts = [run["host"].rstrip("/") for run in runs]
        assert hosts == [FREE, LIMITED], (
            f"{call} put a load on {' and then on '.join(hosts) or 'nobody'}, expected {FREE} and then {LIMITED}, once each."
        )
        for run in runs:
            told = f"{call} put a load on {run['host']}"
            assert run["class"] == "AsyncUser", f"{told} with {run['class']}, expected AsyncUser: the others measure their own limits."
            assert run["users"] == (users or 40), f"{told} with {run['users']} users, expected {users or 40}."
            assert run["seconds"] == (seconds or 6.0), f"{told} for {run['seconds']} s, expected {seconds or 6.0:g}."
            assert run["rate"] >= run["users"], f"{told} with a spawn rate of {run['rate']:g}: of {run['users']} users, the last come late."
        for before, after in pairwise(runs):
            assert after["begun"] >= before["ended"], (
                f"{call} loaded both at the same time. They are on one machine: each takes CPU from the other, and from the users, and no limit is "
                "the only one."
            )


@tier("static")
async def test_a_run_that_failed_is_not_compared(compared: Compared) -> None:
    """It raises ValueError when a request of either run failed, or there was none, and makes no other run in the place of that."""
    good = (2268, 0, (100, 200, 300))
    # A part of so many that is a whole one only when it is rounded.
    few = random.choice([number for number in range(40, 400) if int(number * (1 / number)) == 0])
    for what, one, other in (
        ("Of 3,000 requests to the limited one, one failed", good, (3000, 1, (50, 80, 90))),
        (f"Of {few} requests to the limited one, one failed", good, (few, 1, (50, 80, 90))),
        ("Of the requests to the free one, all failed", (9000, 9000, (1, 2, 3)), good),
        ("The limited one answered nobody", good, (0, 0, None)),
        ("The free one answered nobody", (0, 0, None), good),
    ):
        files = [compared.table(*figures)[1] for figures in (one, other)]
        call = f'compare_limit("{FREE}", "{LIMITED}", 12, 7.0)'

        done = await compared(FREE, LIMITED, 12, 7.0, plan=dict(zip((FREE, LIMITED), files, strict=True)))

        if "raised" not in done:
            raise Red(f"{what}, and {call} returned figures, such as a throughput_kept of {value_of(call, done)['throughput_kept']:.4g}. A refusal "
                      "costs next to "
                      "nothing, so who fails is quick: such figures say that the limit does it good.")
        assert "ValueError" in done["kinds"], (
            f"{what}, and {call} raised {raised(done['raised'])}\nIt is a ValueError that says what was wrong with the run."
        )
        must_run_once(what, call, done)


@tier("static")
async def test_a_run_that_could_not_be_made(compared: Compared) -> None:
    """What run() raises is raised."""
    _, good = compared.table(2268, 0, (100, 200, 300))

    done = await compared(FREE, LIMITED, 12, 7.0, plan={FREE: good, LIMITED: "Locust ended with status 1"})

    what = "Locust could not be started for the limited one"
    if "raised" not in done:
        raise Red(f"{what}, and compare_limit() returned figures. What was not measured has none.")
    assert "RuntimeError" in done["kinds"], f"run() raised a RuntimeError, and compare_limit() raised {raised(done['raised'])}"
    must_run_once(what, "compare_limit()", done)


def must_run_once(what: str, call: str, done: dict[str, Any]) -> None:
    """Each host gets one run at most, whatever comes of it."""
    for host, times in Counter(run["host"].rstrip("/") for run in done["runs"]).items():
        assert times == 1, (
            f"{what}, and {call} put a load on {host} {times} times. Each gets one run: who tries again until it goes well tells nobody that it "
            "didn't, and a host that has been loaded before is another one."
        )


# -- with two


Reached = tuple[Container, httpx.AsyncClient]


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def pair(image: Image) -> AsyncIterator[tuple[Reached, Reached]]:
    """Two containers of the learner's image, the second one with a limit of CPU; both answer."""
    flags = ("--env", "INFERENCE_SECONDS=0", "--env", "WEB_CONCURRENCY=1")
    started = await asyncio.gather(image.start(*flags), image.start(*flags))
    clients = []
    try:
        for container in started:
            clients.append(await container.serving())
        # Only now: with a fifth of a CPU, the start alone takes ten seconds.
        await image.engine.must("update", "--cpus", str(CPUS), started[1].name)
        yield (started[0], clients[0]), (started[1], clients[1])
    finally:
        for client in clients:
            await client.aclose()
        for container in started:
            await container.remove()


async def throttled(container: Container) -> int:
    """How often the kernel has stopped a container as its share of a period was used up; -1 where it doesn't say."""
    for file in ("/sys/fs/cgroup/cpu.stat", "/sys/fs/cgroup/cpu/cpu.stat"):  # in version 2 of cgroups, and in version 1
        if found := re.search(r"^nr_throttled (\d+)$", await container.read(file), re.M):
            return int(found[1])
    return -1


@pytest.mark.live
@tier("behavior")
async def test_a_limit_costs_what_was_measured(compared: Compared, pair: tuple[Reached, Reached], note: Callable[[str], None]) -> None:
    """On two containers of your image, one with a fifth of a CPU, nothing fails, and the figures are those that Locust wrote."""
    (free, free_client), (limited, limited_client) = pair
    for container, client in pair:
        await asked(container, client, "POST", "/predict/async", json={"feature_1": 0.5, "feature_2": -0.5})
    before = await throttled(limited)
    hosts = [str(client.base_url).rstrip("/") for client in (free_client, limited_client)]
    call = f"compare_limit(free, limited, {USERS}, {SECONDS})"

    done = await compared(*hosts, USERS, SECONDS)

    if "raised" in done and ("TimeoutError" in done["kinds"] or "answered no request" in str(done["raised"])):
        raise Inconclusive(f"the machine is too busy for a load: {done['raised']['message']}")
    files = [Path(run["path"]) for run in done["runs"] if "path" in run]
    summaries = [read(file) for file in files]
    for container, host, summary in zip((free, limited), hosts, summaries, strict=False):
        if summary["failure_rate"]:
            told = "\n".join(f"    {line[:72]}" for line in (await container.logs()).strip().splitlines()[-5:])
            raise Red(f"Of the {summary['requests']} requests to {host}, the container {'with' if container is limited else 'without'} the limit, "
                      f"{summary['failure_rate']:.1%} failed. It wrote:\n{told}")
    value = value_of(call, done)
    if len(summaries) != 2:
        raise Red(f"{call} made {len(summaries)} runs, expected 2.")
    must_agree(call, value, *summaries)

    stopped = await throttled(limited) - before
    told = (f"without a limit {value['free']['rps']:.0f}/s, p95 {value['free']['p95_s']:.2g} s; with {CPUS:g} CPU {value['limited']['rps']:.0f}/s, "
            f"p95 {value['limited']['p95_s']:.2g} s: {value['throughput_kept']:.0%} is left")
    note(told + (f"; the kernel stopped it {stopped} times" if before >= 0 else ""))
    # That the figures are the measured ones is proven. Whether they show the limit is the machine's affair.
    if before >= 0 and stopped == 0:
        note("The load never came to the limit: this machine was too busy for it. Try again when it isn't.")
    elif value["throughput_kept"] >= 1:
        note("The limit did not show: this machine was too busy. Try again when it isn't.")
