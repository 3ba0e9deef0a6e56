"""Servers as trees of processes: they are started in a copy, seen, signaled, and never left behind."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from dojo.server import Answered, Connection, Port, Server, serving, uvicorn
from dojo.subject import Red
from dojo.workspace import ROOT

APPLICATION = '''\
import os

import given


async def app(scope, receive, send):
    assert scope["type"] == "http"
    body = f"{os.getpid()} {given.WORD}".encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", str(len(body)).encode()), (b"x-word", b"yes")]})
    await send({"type": "http.response.body", "body": body})
'''

#: Ignores all that asks it to end, and has a child that has left its session.
STUBBORN = '''\
import os, signal, socket, subprocess, sys, time
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
if sys.argv[1] == "root":
    subprocess.Popen([sys.executable, __file__, "child", sys.argv[2]], start_new_session=True)
    with socket.create_server(("127.0.0.1", int(sys.argv[2]))) as server:
        time.sleep(600)
time.sleep(600)
'''

JUDGE = '''\
import asyncio, sys
from pathlib import Path
from dojo.server import Port, serving

async def main():
    port = Port()
    async with serving(Path(sys.argv[1]), [sys.executable, "stubborn.py", "root", str(port.number)], port) as server:
        while len(await server.tree()) < 2:
            await asyncio.sleep(0.05)
        print(server.root, flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
'''


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A workspace with an application, and with a server that doesn't want to end."""
    (folder := tmp_path / "workspace").mkdir()
    (folder / "application.py").write_text(APPLICATION)
    (folder / "given.py").write_text("WORD = 'own'\n")
    (folder / "stubborn.py").write_text(STUBBORN)
    return folder


@pytest.fixture
def port() -> Iterator[Port]:
    """A free port."""
    port = Port()
    yield port
    port.close()


def running(words: str) -> list[psutil.Process]:
    """The processes whose command or current folder has these words in it."""
    found = []
    for process in psutil.process_iter(["cmdline", "cwd"]):
        told = " ".join(process.info["cmdline"] or []) + f" {process.info['cwd']}"
        if words in told and process.pid != os.getpid() and process.status() != psutil.STATUS_ZOMBIE:
            found.append(process)
    return found


async def test_workers_answer_in_a_copy(root: Path, port: Port) -> None:
    """A real uvicorn with two workers runs in a copy, with what was laid over it."""
    async with serving(root, uvicorn("application:app", port.number, 2, "--log-level", "warning"), port,
                       overlay={"given.py": "WORD = 'laid over'"}) as server:
        answers = [await server.get("/") for _ in range(20)]
        tree = await server.tree()
        copy = server.root

        assert {"laid over"} == {answer.body.decode().partition(" ")[2] for answer in answers}
        assert {"yes"} == {answer.headers["x-word"] for answer in answers}
        pids = {int(answer.body.split()[0]) for answer in answers}
        assert pids <= {each["pid"] for each in tree}
        assert server.pid == tree[0]["pid"]
        assert server.pid not in pids
        assert {server.pid} == {each["parent"] for each in tree[1:]}
        assert [f"127.0.0.1:{port.number}"] == await server.listening() or sys.platform != "linux"
        assert copy != root
    assert "WORD = 'own'\n" == (root / "given.py").read_text()
    assert not copy.exists()
    assert not running(str(copy))


async def test_its_end_is_told(root: Path, port: Port) -> None:
    """A SIGTERM goes to the first process alone; how it ended is known, and when."""
    began = time.monotonic()
    async with serving(root, uvicorn("application:app", port.number), port) as server:
        assert server.ended is None
        assert "it runs" == server.told_end()
        await server.terminate()

        assert await server.ends(20)
        assert server.ended is not None
        assert began < server.ended["at"] < time.monotonic()
        assert "it was ended by signal 15 (SIGTERM)" == server.told_end()
        assert [] == await server.tree()
        assert "Shutting down" in server.output()


async def test_a_connection_takes_several_requests(root: Path, port: Port) -> None:
    """One connection is used again, and its end is noticed."""
    async with serving(root, uvicorn("application:app", port.number), port) as server:
        connection = await Connection.open(server)
        first, second = await connection.get("/"), await connection.get("/", {"connection": "close"})

        assert first.body == second.body
        await asyncio.wait_for(connection.hung_up(), 10)
        with pytest.raises(ConnectionError, match="without an answer"):
            await connection.get("/")
        connection.close()


async def test_what_was_killed_is_told(root: Path, port: Port) -> None:
    """Any process of the tree can be sent a signal, and none outside of it."""
    async with serving(root, [sys.executable, "stubborn.py", "root", str(port.number)], port) as server:
        assert not await server.signal(signal.SIGKILL, os.getpid())
        await server.terminate()
        assert not await server.ends(0.2)
        await server.signal(signal.SIGKILL)

        assert await server.ends(20)
        assert "it was ended by signal 9 (SIGKILL)" == server.told_end()


@pytest.mark.skipif(sys.platform != "linux", reason="orphans that have left the session are found on Linux only")
async def test_a_child_that_lost_its_parent_is_still_seen(root: Path, port: Port) -> None:
    """The first process has ended; its child, in a session of its own, is found and ended."""
    async with serving(root, [sys.executable, "stubborn.py", "root", str(port.number)], port) as server:
        while len(tree := await server.tree()) < 2:
            await asyncio.sleep(0.02)
        await server.signal(signal.SIGKILL)
        await server.ends(20)

        assert [tree[1]["pid"]] == [each["pid"] for each in await server.tree()]
        copy = str(server.root)
    assert not running(copy)


async def test_a_server_that_ends_at_once_is_red(root: Path, port: Port) -> None:
    """The message says how it ended and what it printed."""
    with pytest.raises(Red, match=r"ended before it listened on 127\.0\.0\.1:\d+: its exit status was 3\.\nIt printed:\n    no model$"):
        async with serving(root, [sys.executable, "-c", "import sys; print('no model'); sys.exit(3)"], port):
            pass


async def test_a_command_that_is_not_there_is_red(root: Path, port: Port) -> None:
    """The message has the command."""
    with pytest.raises(Red, match=r"could not be started: .*No such file(.|\n)*    gunicorn-9 --port 1"):
        async with serving(root, ["gunicorn-9", "--port", "1"], port):
            pass


async def asked_again_and_again(server: Server) -> None:
    """Asks the keeper until it doesn't answer any more."""
    while True:
        await server.tree()


KILLER = "import os, time; os.kill(os.getppid(), {signal}); time.sleep(60)"


async def test_a_server_that_kills_its_keeper_is_red(root: Path, port: Port) -> None:
    """At once, and no failure of the judge's: also for who asks again, and for who asks later."""
    began = time.monotonic()
    with pytest.raises(Red, match=r"^Your code ended the process that keeps your server, its parent\.\nLook for os\.kill"):
        async with serving(root, [sys.executable, "-c", KILLER.format(signal=9)], port):
            pass
    async with serving(root, [sys.executable, "-c", KILLER.format(signal=9)], port, wait=False) as server:
        for _ in range(2):
            with pytest.raises(Red, match="Your code ended the process"):
                await asked_again_and_again(server)

    assert time.monotonic() < began + 30


async def test_a_server_that_stops_its_keeper_is_red(root: Path, port: Port, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stopped process is as good as none, and the patience for it has an end."""
    async with serving(root, [sys.executable, "-c", KILLER.format(signal=int(signal.SIGSTOP))], port, wait=False) as server:
        monkeypatch.setattr("dojo.server.START_PATIENCE", 2.0)
        monkeypatch.setattr("dojo.server.END_PATIENCE", 1.0)
        with pytest.raises(Red, match=r"keeps your server, its parent, answered nothing for 2 s, the patience limit\.\nLook for os\.kill"):
            await asked_again_and_again(server)


@pytest.mark.parametrize(("argv", "why"), [
    (["a\0b"], "embedded null byte"), (["\ud800"], "can't encode"), ([], "the command has no words"),
])
async def test_words_that_are_no_command_are_red(root: Path, port: Port, argv: list[str], why: str) -> None:
    """What no program can be given as its arguments is the command's mistake, and the keeper goes on."""
    with pytest.raises(Red, match=f"could not be started: .*{why}"):
        async with serving(root, argv, port):
            pass


@pytest.mark.parametrize(("code", "told"), [
    ("os.kill(os.getpid(), 40)", r"it was ended by signal 40\.$"),
    ("[os.remove(log) for log in glob.glob('../*.log')]", r"its exit status was 0\.$"),
    ("[(os.remove(log), os.mkdir(log)) for log in glob.glob('../*.log')]", r"its exit status was 0\.$"),
])
@pytest.mark.skipif(sys.platform != "linux", reason="signals that have no name")
async def test_an_end_is_told_whatever_the_server_did_before(root: Path, port: Port, code: str, told: str) -> None:
    """By a signal that has no name; with what it printed gone."""
    with pytest.raises(Red, match=told):
        async with serving(root, [sys.executable, "-c", f"import glob, os; {code}"], port):
            pass


@pytest.mark.skipif(sys.platform != "linux", reason="how long a command may be is the platform's affair")
async def test_commands_of_many_megabytes_are_told_in_part(root: Path, port: Port) -> None:
    """Together they are longer than what the judge takes."""
    code = "import subprocess as s, sys; [s.Popen(['sh', '-c', 'sleep 60; :', *['\\1' * 120_000] * 15]) for _ in range(12)][0].wait()"
    async with serving(root, [sys.executable, "-c", code], port, wait=False) as server:
        while [each["command"][:5] for each in await server.tree()].count("sleep") < 12:
            await asyncio.sleep(0.05)

        assert 12 == [len(each["command"]) for each in await server.tree()].count(1000)


@pytest.mark.parametrize("body", [b"", b"[" * 100_000, b"\xff\xfe\x00", b"1" * 5000])
def test_a_body_that_is_no_json_is_red(body: bytes) -> None:
    """Of whatever kind it isn't."""
    with pytest.raises(Red, match="An answer with status 200 has a body that is no JSON"):
        Answered(200, {}, body).json()


ANSWERS_BADLY = '''\
import socket, sys
with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as server:
    while True:
        line = server.accept()[0]
        with line:
            if b"GET" not in line.recv(4096):
                continue
            heads = {"head": b"x" * (5 << 20), "body": b"content-length: 99999999999\\r\\n\\r\\n", "minus": b"content-length: -1\\r\\n\\r\\n",
                     "chunk": b"transfer-encoding: chunked\\r\\n\\r\\nfffffffff\\r\\n"}
            try:
                line.sendall(b"HTTP/1.1 200 OK\\r\\n" + heads[sys.argv[2]])
                line.recv(1)
            except OSError:
                pass
'''


@pytest.mark.parametrize(("kind", "why"), [
    ("head", "has no end"), ("body", "more than 16 MB"), ("chunk", "more than 16 MB"), ("minus", "ended without"),
])
async def test_an_answer_that_nobody_could_take_is_an_error_of_the_connection(root: Path, port: Port, kind: str, why: str) -> None:
    """Which is what whoever asks expects, and doesn't fill its memory."""
    (root / "badly.py").write_text(ANSWERS_BADLY)
    async with serving(root, [sys.executable, "badly.py", str(port.number), kind], port) as server:
        with pytest.raises(ConnectionError, match=why):
            await server.get("/")


async def test_a_keeper_that_fails_is_no_mistake_of_the_learners(root: Path, port: Port) -> None:
    """Only a signal is: what ends by itself has a fault of its own, and so has what can't be read of it."""
    async with serving(root, [sys.executable, "-c", "import time; time.sleep(60)"], port, wait=False) as server:
        with pytest.raises(RuntimeError, match="the keeper of the server has ended with status 1"):
            await server._ask("nothing")
        with pytest.raises(RuntimeError, match="the keeper of the server has ended with status 1"):
            await server.tree()


@pytest.mark.skipif(sys.platform != "linux", reason="where a process listens is known on Linux only")
async def test_a_server_on_another_port_is_red(root: Path, port: Port, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says where it does listen."""
    monkeypatch.setattr("dojo.server.ELSEWHERE", 0.3)
    other = Port()
    with pytest.raises(Red, match=rf"listens on 127\.0\.0\.1:{other.number}; it was told to listen on 127\.0\.0\.1:{port.number}"):
        async with serving(root, uvicorn("application:app", other.number), port):
            pass
    other.close()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the port is given back")
def test_a_port_is_kept_for_the_server(port: Port) -> None:
    """Nobody else is given it, but a server may listen there."""
    with socket.socket() as server, pytest.raises(OSError, match="in use"):
        server.bind(("127.0.0.1", port.number))
    with socket.create_server(("127.0.0.1", port.number)), socket.create_connection(("127.0.0.1", port.number)):
        pass


@pytest.mark.parametrize("end", ["kill", "interrupt"])
def test_nothing_is_left_of_a_judge_that_is_gone(root: Path, end: str) -> None:
    """After a kill -9 of the judge, or Ctrl-C, a server that ignores all signals is ended with its child, and the copy's processes are gone."""
    judge = subprocess.Popen([sys.executable, "-c", JUDGE, str(root)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                             start_new_session=True)
    assert judge.stdout is not None
    copy = judge.stdout.readline().strip()
    assert 2 <= len(running(copy))

    os.killpg(judge.pid, signal.SIGKILL if end == "kill" else signal.SIGINT)
    judge.wait(30)
    until = time.monotonic() + 20
    while running(copy) and time.monotonic() < until:
        time.sleep(0.05)

    assert [] == running(copy)
    judge.stdout.close()


@pytest.mark.parametrize("workspace", [".", "solutions"])
@pytest.mark.parametrize(("profile", "expected"), [("cpu-bound", "True"), ("", "False")])
def test_a_profile_stands_around_the_application(workspace: str, profile: str, expected: str) -> None:
    """The given part of app/main.py puts a profile into effect where the settings name one, and imports nothing of it where they don't."""
    asks = "import app.main, sys; print('app.limits' in sys.modules, [each.cls.__name__ for each in app.main.app.user_middleware].count('Profiled'))"
    done = subprocess.run([sys.executable, "-c", asks], cwd=ROOT / workspace, env={**os.environ, "PROFILE": profile}, capture_output=True, text=True,
                          check=True)

    assert [expected, str(int(expected == "True"))] == done.stdout.split()
