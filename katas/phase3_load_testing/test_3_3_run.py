"""3.3 · A load that runs by itself and is over when it says so, and a web page for this machine alone."""

import asyncio
import contextlib
import csv
import io
import json
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from dojo import jail
from dojo.kata import Answer, Call, Functions, Inconclusive, Load, Red, Upstream, beside, exercise, listed, plural
from dojo.plugin import RUN
from dojo.reading import named_file

pytestmark = exercise("3.3", edit=("app/loadtest/run.py", "locust.conf"))

#: How long run() may take to give up, in seconds; only ends a hang. One that gives Locust half a minute to start is right too.
PATIENCE = 45.0
#: What takes the place of GRACE_SECONDS where Locust is known to hang, in seconds: the second where it had not come to that by the first.
SHORT_GRACES = (2.0, 12.0)
DRIVER = beside(__file__, "_run_driver.py", "")
#: A run() that gives Locust so much time to start and to end is patient enough for a machine that isn't busy, in seconds.
ENOUGH_GRACE = 5.0
LOCUSTFILE = Path(__file__).with_name("_load_users.py")
#: Goes behind the given locustfile.
STUCK = '''

class StuckUser(FastHttpUser):
    @task
    def ask(self) -> None:
        leave(stuck=True)
        while True:
            pass
'''
#: Can't be imported, for a reason that nobody would look for by its name.
BROKEN = "CAPACITIES = open('flux_capacitor.csv').read()\n"
HANGING = '''\
import json, os, time
with open("@word@", "a") as file:
    file.write(json.dumps({"pid": os.getpid(), "stuck": True}) + "\\n")
time.sleep(3600)
'''
#: How long the load of a Locust that hangs is to last, in seconds: longer than the first of these graces, which begin when it is over.
STUCK_SECONDS = 3.0
#: Locust's statistics lack what came after they were last written: each tenth of a second here, with some room. In seconds.
GAP = 1.0


class Outcome:
    """What came of one call of run(): what it returned or raised, what Locust said, and what the service saw."""

    def __init__(self, arguments: list[Any], done: dict[str, Any], calls: list[Call]) -> None:
        self.arguments = arguments
        self.done = done
        self.calls = calls
        self.said: dict[str, Any] = done["said"]

    @property
    def call(self) -> str:
        """The call as source text."""
        return "run(host, " + ", ".join(map(repr, self.arguments[1:])) + ")"

    @property
    def path(self) -> dict[str, Any]:
        """What is known of the path that it returned; raises `Red` when it raised."""
        if "raised" in self.done:
            self.late()
            raise Red(f"{self.call} raised {self.done['raised']['type']}:\n{said(self.done['raised']['message'])}")
        return self.done["path"]

    def late(self) -> None:
        """Raises `Inconclusive` when run() had patience enough, and Locust was neither at its end nor waiting for somebody to read what it says."""
        margin = self.done["took"] - self.arguments[4]
        if "TimeoutError" in self.done["raised"]["kinds"] and margin > ENOUGH_GRACE:
            if self.said and not self.done["printed"]:
                raise Red(f"{self.call} raised TimeoutError, and its Locust stood while it printed something: a pipe that nobody reads takes 64 kB, "
                          "and who writes more into it waits for ever.")
            run_time = self.said.get("run_time")
            if run_time is not None and run_time >= self.arguments[4] + 1:
                raise Red(f"{self.call} raised TimeoutError {self.done['took']:.0f} s after the call: Locust was started for {run_time} s.")
            untold = " Besides, Locust was not told how long to run: without that option it runs on." if self.said and run_time is None else ""
            raise Inconclusive(f"{self.call} gave Locust {margin:.0f} s to start and to end, and the machine is so busy that it needed more.{untold}")

    @property
    def rows(self) -> dict[str, dict[str, str]]:
        """The statistics by their names; raises `Red` when there are none."""
        if not self.path.get("exists"):
            raise Red(f"{self.call} returned {self.path['shown']}, and there is no such file when it returns.")
        text = written(self.call, self.path)
        return {row.get("Name") or "": row for row in csv.DictReader(io.StringIO(text, newline=""))}


def written(call: str, path: dict[str, Any]) -> str:
    """What the file holds that a call returned; raises `Red` when it can't be read."""
    try:
        return named_file(path["file"]).decode(errors="replace")
    except OSError as error:
        raise Red(f"{call} returned {path['shown']}, and that can't be read: {error.strerror or error}") from None


def said(text: str) -> str:
    """The end of what somebody said, in lines that aren't wrapped."""
    return "\n".join(f"    {line[:70]}" for line in text.strip().splitlines()[-6:])


@dataclass
class Attempt:
    """A call of run() that is to be made: its arguments, and what is special about it."""

    arguments: list[Any]
    locustfile: str = field(default_factory=lambda: LOCUSTFILE.read_text(encoding="utf-8"))
    grace: float | None = None
    service: Upstream | None = None
    twice: bool = False


async def outcomes(config: pytest.Config, folder: Path, *attempts: Attempt) -> list[Outcome]:
    """What comes of the calls, which are made at the same time, each in a host of its own."""
    hosts: list[Functions] = [await config.stash[RUN].functions("3.3") for _ in attempts]
    try:
        for host in hosts:
            await host.call(DRIVER + "ready")  # one after the other: hosts come from one process, which is asked for one at a time
        calls = [
            host.call(DRIVER + "attempt", each.locustfile, str(folder / f"word-{number}"), each.arguments, each.grace, each.twice,
                      patience=PATIENCE * (1 + each.twice))
            for number, (host, each) in enumerate(zip(hosts, attempts, strict=True))
        ]
        done = await asyncio.gather(*calls)
    except Red as red:
        raise Red(str(red).replace("attempt()", "run()")) from None
    finally:
        for host in hosts:
            await host.close()
        end_all(folder)
    return [Outcome(each.arguments, what, each.service.calls if each.service else []) for each, what in zip(attempts, done, strict=True)]


def end_all(folder: Path) -> None:
    """Ends what left word of itself and runs on, as its host had to be ended before it could look for that.

    Behind walls all of it has ended with its host, and whoever left a number there may have meant somebody else's.
    """
    if jail.current() is not None:
        return
    for word in folder.glob("word-*"):
        for line in word.read_text(encoding="utf-8").splitlines():
            with contextlib.suppress(OSError):
                os.kill(json.loads(line)["pid"], signal.SIGTERM if os.name == "nt" else signal.SIGKILL)


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def loads(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[dict[str, Outcome]]:
    """Three loads at the same time: one that goes well, one whose requests all fail, and one that nobody answers, which is made once more."""
    folder = tmp_path_factory.mktemp("loads")
    good = await Upstream("the service", lambda call: Answer(json={})).start()
    bad = await Upstream("the service", lambda call: Answer(status=500, json={})).start()
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # bound, and nobody listens
        try:
            unanswered = f"http://127.0.0.1:{nobody.getsockname()[1]}"
            done = await outcomes(
                request.config, folder,
                Attempt([good.url, "SecondUser", 4, 2.5, 3.0], service=good),
                Attempt([bad.url, "FirstUser", 2, 2.0, 1.5], service=bad),
                Attempt([unanswered, "SecondUser", 2, 2.0, 2.0], twice=True),
            )
            yield dict(zip(("good", "failing", "unanswered"), done, strict=True))
        finally:
            await good.stop()
            await bad.stop()


@pytest.fixture
def good(loads: dict[str, Outcome]) -> Outcome:
    """The load that goes well."""
    return loads["good"]


# -- run()


@pytest.mark.live
async def test_the_users_of_the_class_load_the_host(good: Outcome) -> None:
    """run() starts Locust, which loads the host with users of the class that was asked for, and of no other."""
    if not good.calls and not good.said:
        raise Red(f"{good.call} returned {good.path['shown']}, and the host was sent no request.")
    came_to_something(good, len(good.calls))
    strange = [call for call in good.calls if call.text != "GET /second"]
    assert not strange, f"{good.call} sent {strange[0].text}, as users of another class do."


def came_to_something(load: Outcome, requests: int) -> None:
    """Raises `Inconclusive` when a Locust that was started as it should be had no time for a single request."""
    if not requests and load.said and (load.said["host"] or "").rstrip("/") != load.arguments[0]:
        raise Red(f"{load.call} sent the host no request: Locust was started for {load.said['host'] or 'no host'}, "
                  f"and the host is {load.arguments[0]}.")
    if not requests and load.said and "raised" not in load.done:
        raise Inconclusive(f"{load.call} started Locust, and the machine is so busy that the time was over before the first request.")


@pytest.mark.live
async def test_the_path_of_the_statistics_is_returned(good: Outcome) -> None:
    """run() returns the path of the CSV file with the statistics that Locust wrote."""
    path = good.path

    assert "file" in path, f"{good.call} returned {path['shown']}, a {path['type']}. It returns the path of a file."
    assert path["type"] == "Path", f"{good.call} returned {path['shown']!r}, a {path['type']}; it returns a pathlib.Path."
    beside_it = f" Beside it lie {listed(path['beside'])}." if path["beside"] else ""
    assert path["exists"], f"{good.call} returned {path['shown']}, and there is no such file when it returns.{beside_it}"
    head = written(good.call, path).partition("\n")[0].strip()
    assert head.startswith("Type,Name,Request Count,Failure Count"), (
        f"{good.call} returned {Path(path['file']).name}, which begins with\n    {head[:70]}\nOf Locust's CSV files it is the one with the "
        f"statistics, a row for each name.{beside_it}"
    )


@pytest.mark.live
async def test_the_statistics_are_those_of_the_run(loads: dict[str, Outcome]) -> None:
    """The statistics have the requests that the service counted, but for those of the last second."""
    for load in (loads["good"], loads["failing"]):
        rows = load.rows
        came_to_something(load, len(load.calls))
        name = load.calls[0].text.removeprefix("GET ") if load.calls else "no address"
        told = int(rows.get("Aggregated", {}).get("Request Count", 0))
        last = max((call.sent for call in load.calls), default=0.0)
        surely = sum(call.answered is not None and call.answered < last - GAP for call in load.calls)

        sent = f"{load.call} sent {plural(len(load.calls), 'request')}"
        assert name in rows, f"{sent} to {name}, and its file has {listed([f'a row for {each}' for each in rows]) or 'no rows'}."
        assert max(surely, 1) <= told <= len(load.calls), (
            f"{sent}, {surely} of them {GAP:g} s before its end, and its file tells of {told}. "
            "Locust writes it again and again, and what is written last reaches the file when it ends in good order: by itself, or by SIGTERM."
        )


@pytest.mark.live
async def test_users_spawn_rate_and_time_are_respected(loads: dict[str, Outcome]) -> None:
    """Locust gets as many users as were asked for, at the rate that was asked for, for as long, and no web page."""
    for load in loads.values():
        host, _, users, rate, seconds = load.arguments
        word = load.said
        assert word, f"{load.call}: Locust did not come to start its users."
        assert word["users"] == users, f"{load.call}: Locust was started for {plural(word['users'] or 1, 'user')}."
        assert word["spawn_rate"] == rate, f"{load.call}: Locust was started with a spawn rate of {word['spawn_rate'] or 1} a second."
        assert (word["host"] or "").rstrip("/") == host, f"{load.call}: Locust was started for the host {word['host']}."
        assert word["run_time"] is None or abs(word["run_time"] - seconds) < 1, (
            f"{load.call}: Locust was started for {word['run_time']} s. It knows whole seconds only; 1.5 is 2 for it, or 1."
        )
        assert not word["reset_stats"], (
            f"{load.call}: Locust was told to forget what it had counted as soon as all users are there. The statistics are those of the run, "
            "and its beginning is a part of it."
        )
        assert not word["web"], (
            f"{load.call}: Locust opened its web page as well, on port 8089. A run that nobody watches needs none, and two at a time would "
            "fight for the port. There is an option for that."
        )
    good = loads["good"]
    opened = len({call.connection for call in good.calls})
    assert opened <= good.arguments[2], f"{good.call} opened {opened} connections, more than it has users."


@pytest.mark.live
async def test_the_load_lasts_as_long_as_it_was_told(loads: dict[str, Outcome]) -> None:
    """Locust ends when the time is over that was asked for, not before, and in good order."""
    for load in loads.values():
        lasted, seconds = load.done["lasted"], load.arguments[4]
        assert lasted is not None, f"{load.call}: Locust did not come to its end, it was killed. What it had measured last is lost with it."
        # From the call on: nothing but an end that came too soon makes it too short.
        assert lasted > int(seconds), f"{load.call}: Locust was ended {lasted:.1f} s after the call."


@pytest.mark.live
async def test_failed_requests_are_a_result(loads: dict[str, Outcome]) -> None:
    """When requests fail, all of them even, run() returns the statistics that say so."""
    for name, why in (("failing", "each request was answered with a 500"), ("unanswered", "nobody listens at the host's port")):
        load = loads[name]
        if "raised" in load.done and "TimeoutError" not in load.done["raised"]["kinds"]:
            raise Red(f"{load.call}, where {why}, raised {load.done['raised']['type']}:\n{said(load.done['raised']['message'])}\nThat requests fail "
                      "is what a load test is for. Locust ends with status 1 then, as it does when it can't start; there is an option for that.")
        total = load.rows.get("Aggregated", {})
        came_to_something(load, int(total.get("Request Count", 0)))
        assert total.get("Request Count", "0") == total.get("Failure Count") != "0", (
            f"{load.call}, where {why}: the file tells of {total.get('Request Count', 0)} requests, and {total.get('Failure Count', 0)} that failed."
        )


@pytest.mark.live
async def test_each_run_has_files_of_its_own(loads: dict[str, Outcome]) -> None:
    """Runs that go on at the same time, or one after the other, leave each other's files alone, and the workspace as it was."""
    for one, other in combinations(loads.values(), 2):
        assert one.path["file"] != other.path["file"], (
            f"Two runs at the same time both returned {one.path['shown']}: one wrote over what the other had measured. A folder that is "
            "named by the second is the same for both; tempfile.mkdtemp makes one that nobody else has."
        )
    for load in loads.values():
        again = load.done.get("again") or {}  # without a path when the machine was too busy for a second run
        assert not again.get("path") or again["path"].get("file") != load.path["file"], (
            f"{load.call} was called again when it had returned, and returned the same path again, {load.path['shown']}: the second run wrote "
            "over what the first had measured. A load is repeated to see how much its figures vary; tempfile.mkdtemp makes a new folder each time. "
            "(By the clock, which was set back, both began in the same second, as they do in two threads.)"
        )
        assert not again.get("touched"), (
            f"{load.call} returned {load.path['shown']}. When it was called again, that file was {again['touched']}."
        )
    for load in loads.values():
        written = load.done["written"]
        at_home = bool(written) or load.path["inside"]
        assert not at_home, (
            f"{load.call} wrote {listed(written[:3]) or load.path['shown']} into the workspace. A measurement is no source code: it belongs in "
            "a folder outside."
        )


@pytest.mark.live
async def test_nothing_is_left_running(loads: dict[str, Outcome]) -> None:
    """When run() has returned, its Locust has ended."""
    for load in loads.values():
        assert not load.done["running"], (
            f"{load.call} returned, and its Locust runs on: the next measurement has a second load beside it, which nobody sees."
        )


async def test_a_locust_that_can_not_start_is_an_error(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """For a class that isn't there, and for a locustfile that can't be imported, run() raises RuntimeError with what Locust said."""
    host = "http://127.0.0.1:9"
    unknown, broken = await outcomes(
        request.config, tmp_path, Attempt([host, "Nobody", 1, 1.0, 1.0]), Attempt([host, "FirstUser", 1, 1.0, 1.0], locustfile=BROKEN),
    )

    for load, what, text in ((unknown, "a class that isn't there", "Nobody"),
                             (broken, "a locustfile that opens a file which isn't there", "flux_capacitor")):
        if "raised" not in load.done:
            raise Red(f"{load.call}, with {what}, returned {load.done['path']['shown']}. Locust could not start, so there was no load: "
                      "a RuntimeError that says why.")
        load.late()
        error = load.done["raised"]
        assert "RuntimeError" in error["kinds"], f"{load.call}, with {what}, raised {error['type']}; it is to be a RuntimeError."
        assert re.search(rf"(?i)unknown user.*{text}" if text == "Nobody" else text, error["message"]), (
            f"{load.call}, with {what}, raised a RuntimeError that says\n{said(error['message']) or '    nothing'}\nLocust has said what is wrong; "
            "who reads the error needs that."
        )


@pytest.mark.live
async def test_a_locust_that_hangs_is_ended(request: pytest.FixtureRequest, tmp_path: Path, upstream: Callable[..., Awaitable[Upstream]]) -> None:
    """When Locust doesn't come to its end, run() ends it and raises TimeoutError; nothing runs on."""
    service = await upstream("the service", lambda call: Answer(json={}))
    stuck = LOCUSTFILE.read_text(encoding="utf-8") + STUCK
    for number, grace in enumerate(SHORT_GRACES):
        (folder := tmp_path / str(number)).mkdir()
        loads = await outcomes(
            request.config, folder,
            Attempt([service.url, "StuckUser", 1, 1.0, STUCK_SECONDS], grace=grace, locustfile=stuck),
            Attempt([service.url, "FirstUser", 1, 1.0, 1.0], grace=grace, locustfile=HANGING),
        )
        for load in loads:
            # Counted from the call on: nothing but a limit that is too short is over before the load is.
            assert "raised" not in load.done or "TimeoutError" not in load.done["raised"]["kinds"] or load.done["took"] >= load.arguments[4], (
                f"With {grace:g} for GRACE_SECONDS, {load.call} ended Locust and raised TimeoutError {load.done['took']:.1f} s after the call: the "
                f"{load.arguments[4]:g} s of load weren't over, after which the grace begins."
            )
        if all(load.done["stuck"] for load in loads):
            break
    for load, what in zip(loads, ("a task that never comes to its end", "a locustfile whose import never comes to its end"), strict=True):
        if "raised" not in load.done:
            raise Red(f"{load.call}, with {what}, returned {load.done['path']['shown']}. It is to raise TimeoutError.")
        assert not load.done["running"], (
            f"{load.call}, with {what}, raised {load.done['raised']['type']}, and Locust runs on. A SIGTERM is handled by Locust's event loop, "
            "to which a task that computes for ever never returns; a SIGKILL is handled by nobody."
        )
        assert "TimeoutError" in load.done["raised"]["kinds"], (
            f"{load.call}, with {what}, raised {load.done['raised']['type']}:\n{said(load.done['raised']['message'])}\nIt is to be a TimeoutError."
        )
    if not all(load.done["stuck"] for load in loads):
        raise Inconclusive("the machine is so busy that Locust had not started before its time was over")


# -- locust.conf


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def page(load: Load, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[httpx.AsyncClient]:
    """Locust's web page as the learner's locust.conf sets it, with users of the judge's."""
    users = tmp_path_factory.mktemp("users") / "locustfile.py"
    users.write_text(LOCUSTFILE.read_text(encoding="utf-8").replace("@word@", str(users.with_name("word"))), encoding="utf-8")
    async with load.web(locustfile=str(users)) as client:
        yield client


async def test_only_this_machine_reaches_the_web_page(page: httpx.AsyncClient) -> None:
    """With `locust.conf`, the web page listens on the loopback interface only."""
    if sys.platform != "linux":  # elsewhere the loopback interface has one address, which tells nothing
        return
    port = page.base_url.port
    # A server on 127.0.0.1 can't be reached at another address of the loopback interface; one on all addresses can.
    with socket.socket() as other:
        reached = other.connect_ex(("127.0.0.2", port)) == 0

    assert not reached, (
        "Locust's web page listens on every address of this machine, as it does when locust.conf says nothing: everybody around can open it, "
        "and put a load on any host from here. There is a setting for the address: locust --help, \"Web UI\"."
    )


async def test_the_web_page_proposes_a_load(page: httpx.AsyncClient) -> None:
    """The web page proposes a load: the service on this machine, a number of users, and how many more a second."""
    answer = await page.get("/")
    assert answer.status_code == 200, f"GET / of Locust's web page was answered with {answer.status_code}."
    found = re.search(r"templateArgs = (\{.*\})", answer.text)
    if not found:
        return  # another version of the page, which says it in another way

    proposed = json.loads(found[1])
    host = proposed.get("host") or ""
    assert re.match(r"http://(127\.0\.0\.1|localhost|\[::1\]):8000/?$", host), (
        f"The web page proposes {host or 'nothing'} for `host`. locust.conf sets the address of the service on this machine: http://127.0.0.1:8000."
    )
    state = (await statistics(page))["state"]
    assert state in ("ready", "stopped"), (
        f"Nobody has started a load, and the page says that it is {state}: locust.conf starts it. The page proposes one; who opens it starts it."
    )
    for name, setting in (("num_users", "users"), ("spawn_rate", "spawn-rate")):
        assert (proposed.get(name) or 0) > 0, f"The web page proposes nothing for `{setting}`. locust.conf sets it."


@pytest.mark.live
async def test_the_web_page_starts_and_stops_a_load(page: httpx.AsyncClient, upstream: Callable[..., Awaitable[Upstream]]) -> None:
    """A load that is started on the page runs, is seen in growing statistics, and stops when it is told to."""
    service = await upstream("the service", lambda call: Answer(json={}))

    started = await page.post("/swarm", data={"user_count": "3", "spawn_rate": "3", "host": service.url})
    assert started.json().get("success"), f"POST /swarm was answered with {started.text[:200]}"
    seen = [0]
    for _ in range(200):
        count = next((row["num_requests"] for row in (await statistics(page))["stats"] if row["name"] == "Aggregated"), 0)
        seen += [count] if count > seen[-1] else []
        if len(seen) > 2:
            break
        await asyncio.sleep(0.1)
    await page.post("/stop")
    after = len(service.calls)
    for _ in range(100):  # the page keeps its statistics for a second or two
        state = (await statistics(page))["state"]
        if state == "stopped":
            break
        await asyncio.sleep(0.1)

    assert len(seen) > 2, f"In 20 s the page's statistics grew {plural(len(seen) - 1, 'time')}; the service was sent {plural(after, 'request')}."
    assert state == "stopped", f"10 s after POST /stop the page says that the load is {state}."
    assert len(service.calls) <= after + 3, f"After POST /stop the service was sent {len(service.calls) - after} more requests."


async def statistics(page: httpx.AsyncClient) -> Any:
    """What the page draws its tables and charts from."""
    return (await page.get("/stats/requests")).json()
