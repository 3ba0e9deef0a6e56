"""Locust as the dojo runs it: what it saw, what it was told to leave alone, and that nothing of it is left."""

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import psutil
import pytest
import pytest_asyncio

from dojo import load as dojo_load
from dojo.load import TAG, Generator, Load
from dojo.outside import Call
from dojo.subject import Red
from dojo.upstreams import Answer, Upstream
from dojo.workspace import ROOT

USERS = '''\
from locust import FastHttpUser, LoadTestShape, constant, task
import os


class PlainUser(FastHttpUser):
    wait_time = constant(0.02)

    @task
    def ask(self):
        self.client.get("/plain")


class WrongUser(FastHttpUser):
    @task
    def ask(self):
        raise ValueError("no idea")


class Steps(LoadTestShape):
    abstract = os.environ.get("LOAD_SHAPE") != "Steps"

    def tick(self):
        return (3, 3) if self.get_run_time() < 2 else None
'''


@pytest_asyncio.fixture
async def service() -> AsyncIterator[Upstream]:
    """A service that numbers its answers, and answers each tenth request with a 500."""
    def answer(call: Call) -> Answer:
        return Answer(status=500 if call.number % 10 == 0 else 200, json={}, headers={TAG: str(call.number)}, delay=0.005)

    service = await Upstream("the service", answer).start()
    yield service
    await service.stop()


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Locust on a workspace that holds `USERS`."""
    (tmp_path / "locustfile.py").write_text(USERS, encoding="utf-8")
    return Load(tmp_path)


def lasting(service: Upstream, count: int) -> Callable[[], bool]:
    """Whether the service has been sent ``count`` requests."""
    return lambda: len(service.calls) >= count


def locusts(root: Path) -> list[psutil.Process]:
    """The processes that run Locust on a copy of the workspace at ``root``."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        if "locust" in words and f"{root.parent}{os.sep}serving-katas-load-" in " ".join(words) and process.status() != psutil.STATUS_ZOMBIE:
            found.append(process)
    return found


# -- a run


async def test_a_run_tells_what_the_service_counted(load: Load, service: Upstream) -> None:
    """Statistics, failures, and the word on each answer agree with what the service did."""
    run = await load.run("PlainUser", host=service.url, count=4, seconds=20, enough=lasting(service, 100))

    total, sent = int(run.total["Request Count"]), len(service.calls)
    assert sent - 4 <= total <= sent
    assert {number: (1, int(number % 10 == 0)) for number in run.judged} == run.judged
    assert total == len(run.judged)
    assert int(run.total["Failure Count"]) == sum(failed for _, failed in run.judged.values()) == int(run.failures[0]["Occurrences"])
    assert "GET" == run.row("/plain")["Type"]
    assert {} == run.row("/nowhere")
    assert 1 == run.status
    assert 4 == service.connections
    assert run.history
    assert run.generator is not None
    assert (0, 0) == run.unnumbered
    assert [] == run.errors


async def test_a_run_ends_when_its_time_is_over(load: Load, service: Upstream) -> None:
    """Seconds that aren't whole are rounded up, as Locust knows no others."""
    run = await load.run("PlainUser", host=service.url, count=1, seconds=0.5)

    assert int(run.total["Request Count"]) > 0


async def test_what_tasks_raise_is_told_and_ends_the_run(load: Load, service: Upstream) -> None:
    """A task that raises again and again ends the run long before its time, and the place is known."""
    run = await load.run("WrongUser", host=service.url, count=1, seconds=60)

    assert {"type": "ValueError", "message": "no idea"}.items() <= run.errors[0].items()
    place = {"file": "locustfile.py", "line": 16, "text": 'raise ValueError("no idea")'}
    assert [place] == run.errors[0]["frames"]
    assert run.errors[0]["count"] >= 50
    assert "0" == run.total["Request Count"]


async def test_a_shape_is_for_the_run_that_asks_for_it(load: Load, service: Upstream) -> None:
    """With `shape` it decides how many users there are and when the run ends; otherwise it is left alone."""
    await load.run("PlainUser", host=service.url, seconds=20, shape="Steps")

    assert 3 == service.connections
    assert [] == (await load.found()).shapes


async def test_the_users_own_settings_decide_nothing(load: Load, service: Upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the workspace's locust.conf nor the variables of the shell change a run."""
    (load.root / "locust.conf").write_text("tags = none\nprocesses = 2\nusers = 7\n", encoding="utf-8")
    monkeypatch.setenv("LOCUST_USERS", "9")
    monkeypatch.setenv("LOAD_SHAPE", "Steps")

    await load.run("PlainUser", host=service.url, count=2, seconds=20, enough=lasting(service, 20))

    assert 2 == service.connections


# -- what can't be


@pytest.mark.parametrize(("text", "told"), [
    ("import nothing_of_that_name\n", "No module named 'nothing_of_that_name'"),
    ("import sys\nsys.exit(3)\n", "exit status 3"),
    ("def f(:\n", "SyntaxError"),
])
async def test_a_file_that_can_not_be_loaded_is_red(load: Load, text: str, told: str) -> None:
    """What Locust said is in the message, without the snapshot's folder."""
    (load.root / "locustfile.py").write_text(text, encoding="utf-8")

    with pytest.raises(Red, match="Locust can't load") as found:
        await load.found()
    with pytest.raises(Red, match="Locust did not start") as run:
        await load.run("PlainUser", host="http://127.0.0.1:9", seconds=1)

    for red in (found, run):
        assert told in str(red.value)
        assert str(load.root) not in str(red.value)


#: Lays ``@text@`` in the place of ``@file@`` as soon as Locust has written all, or removes it.
TAMPERS = USERS + '''

import atexit, os, pathlib


@atexit.register
def tamper():
    file = pathlib.Path(os.environ["DOJO_LOAD"], "@file@")
    text = @text@
    file.unlink() if text is None else file.write_text(text)
'''

STATS = "Type,Name,Request Count,Failure Count\n"


@pytest.mark.parametrize(("file", "text"), [
    ("seen.json", None), ("seen.json", "{}"), ("seen.json", "[" * 100_000), ("seen.json", "[]"), ("seen.json", '"'), ("seen.json", "\udcff"),
    ("seen.json", '{"judged": {"x": [1, 0]}, "errors": [], "unnumbered": [0, 0], "pauses": []}'),
    ("seen.json", '{"judged": {}, "errors": [{"type": "X"}], "unnumbered": [0, 0], "pauses": []}'),
    ("seen.json", '{"judged": {}, "errors": [], "unnumbered": [0], "pauses": []}'),
    ("seen.json", '{"judged": {}, "errors": [], "unnumbered": [0, 1e999], "pauses": []}'),
    ("stats.csv", "x\ny\n"), ("stats.csv", STATS + "GET,/x\n"), ("stats.csv", STATS + ",Aggregated,many,0\n"), ("stats.csv", STATS + "GET,/x,1,0\n"),
    ("stats.csv", "x" * 200_000 + "\ny\n"), ("failures.csv", "x\ny\n"),
])
async def test_what_a_locustfile_makes_of_the_notes_is_red(load: Load, service: Upstream, file: str, text: str | None) -> None:
    """It runs in the process that writes them: whatever it leaves of them, the judge doesn't fail."""
    tampers = TAMPERS.replace("@file@", file).replace("@text@", repr(text)).replace("write_text(text)", "write_text(text, errors='surrogateescape')")
    (load.root / "locustfile.py").write_text(tampers, encoding="utf-8")

    with pytest.raises(Red, match=r"^Locust ran, and what the dojo notes in its process isn't there or can't be read") as red:
        await load.run("PlainUser", host=service.url, count=1, seconds=1)

    assert str(load.root.parent) not in str(red.value)


@pytest.mark.parametrize("text", ["{}", "[" * 100_000, '{"users": [{"name": "X"}], "shapes": []}', '{"users": 1, "shapes": []}'])
async def test_what_a_locustfile_says_of_itself_may_be_anything(load: Load, text: str) -> None:
    """Of another shape it is a red as well."""
    replaces = USERS + f"\n\nimport json\njson.dump = lambda value, file: file.write({text!r})\n"
    (load.root / "locustfile.py").write_text(replaces, encoding="utf-8")

    with pytest.raises(Red, match=r"^Locust ran, and what the dojo notes"):
        await load.found()


async def test_a_damaged_word_on_the_generator_is_none(load: Load, service: Upstream) -> None:
    """As without the file: nobody says that it was the bottleneck, and the verdict is about the rest."""
    tampers = TAMPERS.replace("@file@", "watch.json").replace("@text@", repr('{"cpu_share": "all"}'))
    (load.root / "locustfile.py").write_text(tampers, encoding="utf-8")

    assert (await load.run("PlainUser", host=service.url, count=1, seconds=1)).generator is None


async def test_a_locustfile_that_removes_all_removes_its_own_copy(load: Load, service: Upstream) -> None:
    """The snapshot is what all other katas judge."""
    removes = USERS + "\n\nimport shutil\nshutil.rmtree(os.environ['PYTHONPATH'])\n"
    (load.root / "locustfile.py").write_text(removes, encoding="utf-8")

    await load.run("PlainUser", host=service.url, count=1, seconds=1)

    assert removes == (load.root / "locustfile.py").read_text(encoding="utf-8")


async def test_of_what_is_printed_the_end_is_kept(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    """A locustfile can print more than there is memory for."""
    monkeypatch.setattr(dojo_load, "PRINTED_KEPT", 1000)
    prints = "for _ in range(10_000):\n    print('x' * 100)\nprint('the end')\nraise SystemExit(3)\n"
    (load.root / "locustfile.py").write_text(prints, encoding="utf-8")

    with pytest.raises(Red, match="the end") as red:
        await load.found()

    assert len(str(red.value)) < 2000


async def test_what_hangs_is_ended(load: Load, service: Upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    """An import or a task that never ends is told as such, and nothing of it runs on."""
    monkeypatch.setattr(dojo_load, "START_PATIENCE", 4.0)
    monkeypatch.setattr(dojo_load, "END_PATIENCE", 0.5)
    (load.root / "hangs.py").write_text("while True:\n    pass\n", encoding="utf-8")
    stuck = USERS.replace('self.client.get("/plain")', 'self.client.get("/plain")\n        while True:\n            pass')
    (load.root / "stuck.py").write_text(stuck, encoding="utf-8")

    with pytest.raises(Red, match="did not come to the end of importing"):
        await load.found(locustfile="hangs.py")
    with pytest.raises(Red, match="had not ended 4 s after that"):
        await load.run("PlainUser", host=service.url, seconds=1, locustfile="stuck.py")

    assert [] == locusts(load.root)


async def test_a_file_without_users_is_found_empty(load: Load) -> None:
    """Locust takes such a file for one of pytest's, which is no message for a learner."""
    (load.root / "locustfile.py").write_text("x = 1\n", encoding="utf-8")

    assert [] == (await load.found()).users


async def test_what_a_file_holds_is_found(load: Load) -> None:
    """Names, classes, the shares of tasks, and what the users wait for."""
    user = next(user for user in (await load.found()).users if user.name == "PlainUser")

    assert ["PlainUser", "FastHttpUser"] == user.kinds[:2]
    assert {"ask": 1.0} == user.shares
    assert user.waits is not None
    assert {0.02} == set(user.waits)


async def test_locust_ends_with_a_judge_that_was_killed(load: Load, service: Upstream) -> None:
    """A judge that is killed can end nothing; Locust notices that it has gone."""
    code = (f"import asyncio; from pathlib import Path; from dojo.load import Load\n"
            f"asyncio.run(Load(Path({str(load.root)!r})).run('PlainUser', host={service.url!r}, count=1, seconds=60))")
    judge = await asyncio.create_subprocess_exec(sys.executable, "-c", code, cwd=ROOT)
    async with asyncio.timeout(60):
        while not service.calls:
            await asyncio.sleep(0.02)

    judge.kill()
    await judge.wait()

    async with asyncio.timeout(30):
        while locusts(load.root):
            await asyncio.sleep(0.05)


# -- the generator


def test_a_generator_that_was_the_bottleneck_says_so() -> None:
    """Too much of its CPU, or an event loop that was late too often, is a reason."""
    assert "" == Generator(cpu_share=0.5, lag_p95=0.004, lag_max=0.2).strained()
    assert "used 97% of a CPU" in Generator(cpu_share=0.97, lag_p95=0.004, lag_max=0.2).strained()
    assert "late by 80 ms" in Generator(cpu_share=0.5, lag_p95=0.08, lag_max=0.2).strained()


async def test_a_generator_that_computes_is_strained(load: Load, service: Upstream) -> None:
    """Users that compute for 0.1 s before each request hold up all others, and that is measured."""
    computing = 'self.client.get("/plain", name=str(sum(range(3_000_000))))'
    busy = USERS.replace("constant(0.02)", "constant(0)").replace('self.client.get("/plain")', computing)
    (load.root / "locustfile.py").write_text(busy, encoding="utf-8")

    run = await load.run("PlainUser", host=service.url, count=4, seconds=2)

    assert run.generator is not None
    assert run.generator.strained()


# -- several processes


@pytest.mark.skipif(os.name == "nt", reason="Locust's --processes forks")
async def test_workers_and_their_master_count_what_the_service_counted(load: Load, service: Upstream) -> None:
    """Locust's own master and two workers, on the loopback interface: the totals are those of the service, and all is over with the run."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = str(found.getsockname()[1])
    arguments = ("--processes", "2", "--master-bind-host", "127.0.0.1", "--master-bind-port", port, "--master-port", port)

    run = await load.run("PlainUser", host=service.url, count=6, seconds=30, arguments=arguments, enough=lasting(service, 200))

    sent = len(service.calls)
    assert sent - 6 <= int(run.total["Request Count"]) <= sent
    assert 6 == service.connections
    assert abs(int(run.total["Failure Count"]) - sent // 10) <= 6
    assert [] == locusts(load.root)


# -- the web page


async def test_the_web_page_comes_up_and_goes(load: Load, service: Upstream) -> None:
    """The page answers where locust.conf wants it to, and its process is gone afterwards."""
    (load.root / "locust.conf").write_text("web-host = 127.0.0.1\nusers = 3\n", encoding="utf-8")

    async with load.web() as page:
        answer = await page.get("/")
        running = len(locusts(load.root))

    assert 200 == answer.status_code
    assert '"num_users": 3' in answer.text
    assert 1 == running
    assert [] == locusts(load.root)


async def test_a_configuration_without_a_page_is_red(load: Load) -> None:
    """A setting that Locust doesn't know ends it, with its words in the message."""
    (load.root / "locust.conf").write_text("web_port_of_mine = 8090\n", encoding="utf-8")

    with pytest.raises(Red, match="instead of showing its web page") as red:
        async with load.web():
            pass

    assert "web_port_of_mine" in str(red.value)


async def test_a_page_that_ends_by_itself_is_the_learner_s(load: Load) -> None:
    """Settings that start a load and quit after it take the page away from who looks at it: that is no failure of the judge's."""
    async with load.web("--autostart", "--run-time", "1", "--autoquit", "0") as page:
        for _ in range(100):
            if not locusts(load.root):
                break
            await asyncio.sleep(0.1)

        with pytest.raises(Red, match=r"^GET / of Locust's web page was not answered, after it had come up"):
            await page.get("/")
