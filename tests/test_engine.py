"""The container engine: how it is found, what is made of what it says, and that nothing stays behind."""

import signal
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import pytest

from dojo.container import Container
from dojo.engine import LABEL, VARIABLE, Done, NoEngine, Step, _did_not_build, _steps, _trusted, find
from dojo.layers import Entry
from dojo.subject import Inconclusive, Red
from dojo.workspace import ROOT
from tests.engines import opened_engine, takes_engine
from tests.judging import engine

# -- which engine


def program(file: Path, text: str) -> str:
    """A program that a shell runs."""
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)
    return str(file)


@pytest.mark.usefixtures("no_engine")
def test_without_an_engine_the_message_says_what_to_do() -> None:
    """It says what was tried, and names the ways to get one."""
    with pytest.raises(NoEngine) as caught:
        find()
    assert "not installed" in str(caught.value)
    assert ".ci/container-engine up" in str(caught.value)


@pytest.mark.parametrize(("says", "told"), [
    ("""echo '{"ServerVersion": "", "ServerErrors": ["Cannot connect to the Docker daemon"]}'""", "Cannot connect to the Docker daemon"),
    ("echo 'permission denied' >&2; exit 1", "permission denied"),
    ("echo nonsense", "no answer"),
])
def test_a_client_without_a_server_is_no_engine(says: str, told: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Docker's client alone is content and says something; an engine it isn't."""
    monkeypatch.setenv(VARIABLE, program(tmp_path / "docker", says))

    with pytest.raises(NoEngine, match=told):
        find()


@pytest.mark.parametrize(("says", "kind"), [('{"ServerVersion": "26.1.5"}', "docker"), ('{"host": {"arch": "amd64"}}', "podman")])
def test_what_answers_is_known_by_its_answer(says: str, kind: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A podman may be called docker."""
    name = program(tmp_path / "docker", f"echo '{says}'")
    monkeypatch.setenv(VARIABLE, name)

    assert (name, kind) == find()


def test_a_program_that_others_may_write_is_not_trusted(tmp_path: Path) -> None:
    """The engine of .ci/container-engine is found by its place, so the place has to be its maker's own."""
    (tmp_path / "state/bin").mkdir(parents=True)
    name = Path(program(tmp_path / "state/bin/docker", "true"))

    assert _trusted(name)
    (tmp_path / "state").chmod(0o777)
    assert not _trusted(name)
    assert not _trusted(tmp_path / "elsewhere/bin/docker")


# -- what the engine says

PROGRESS = """\
#0 building with "default" instance using docker driver

#1 [internal] load build definition from Dockerfile
#1 DONE 0.0s

#5 [build 2/3] RUN pip install -r x
#5 CACHED

#6 [build 3/3] RUN pip install one
#6 0.512 Collecting one
#6 1.301   Downloading one-1.0-py3-none-any.whl (5 kB)
#6 2.000 Successfully installed one-1.0
#6 DONE 2.1s

#7 [stage-1 2/2] RUN false
#7 0.100 this went wrong
#7 ERROR: process "/bin/sh -c false" did not complete successfully: exit code: 1
------
 > [stage-1 2/2] RUN false:
------
ERROR: failed to solve: process "/bin/sh -c false" did not complete successfully: exit code: 1
"""


def test_steps_of_a_build() -> None:
    """Which came from the cache, what the others said, and which failed."""
    steps = _steps(PROGRESS)[2:]

    assert [("RUN pip install -r x", True, False), ("RUN pip install one", False, False), ("RUN false", False, True)] == [
        (step.instruction, step.cached, step.failed) for step in steps]
    assert ["Collecting one", "  Downloading one-1.0-py3-none-any.whl (5 kB)", "Successfully installed one-1.0"] == steps[1].output


def test_a_step_that_failed_is_told_with_what_it_said() -> None:
    """The instruction and the last that it said."""
    error = _did_not_build(Done(1, "", PROGRESS), _steps(PROGRESS))

    assert isinstance(error, Red)
    assert "RUN false" in str(error)
    assert "this went wrong" in str(error)


@pytest.mark.parametrize("said", [
    "#3 ERROR: failed to do request: Head https://registry/v2/library/python: dial tcp: lookup registry: no such host",
    "#3 0.5 WARNING: Retrying after connection broken by 'NewConnectionError'\n#3 ERROR: exit code: 1",
    "#3 0.1 E: Temporary failure resolving 'mirror'\n#3 ERROR: exit code: 100",
])
def test_a_network_that_is_not_there_is_nobodys_mistake(said: str) -> None:
    """Then nobody can tell whether it would have built."""
    text = f"#3 [1/2] FROM python:3.12\n{said}\nERROR: failed to solve: x"

    assert isinstance(_did_not_build(Done(1, "", text), _steps(text)), Inconclusive)


@pytest.mark.parametrize("said", [
    "ERROR: failed to receive status: rpc error: code = Unavailable desc = error reading from server: EOF",
    "ERROR: failed to solve: write /x: no space left on device",
    "ERROR: Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?",
    'ERROR: failed to solve: process "/bin/sh -c pip install x" did not complete successfully: exit code: 137',
])
def test_an_engine_that_ends_or_has_no_room_is_nobodys_mistake(said: str) -> None:
    """Then nobody can tell either."""
    error = _did_not_build(Done(1, "", said), [])

    assert isinstance(error, Inconclusive)
    assert "engine failed" in str(error)


def test_a_build_that_fails_before_any_step_is_told_by_its_error() -> None:
    """Such as a Dockerfile that can't be read."""
    error = _did_not_build(Done(1, "", "ERROR: failed to solve: dockerfile parse error on line 3: unknown instruction: RAN"), [])

    assert isinstance(error, Red)
    assert "dockerfile parse error on line 3: unknown instruction: RAN" in str(error)


def test_a_step_has_its_name_without_its_place() -> None:
    """The engine counts the steps of each stage."""
    assert "RUN a [b]" == Step("[build 2/3] RUN a [b]").instruction


# -- what is made in it


def left(label: str) -> list[str]:
    """What the engine has with a label: containers, images, networks, volumes."""
    found = []
    for kind in (["ps", "--all", "--quiet"], ["images", "--quiet"], ["network", "ls", "--quiet"], ["volume", "ls", "--quiet"]):
        done = subprocess.run([engine(), *kind, "--filter", f"label={label}"], capture_output=True, text=True, check=True)
        found += done.stdout.split()
    return found


@takes_engine
@pytest.mark.timeout(600)
async def test_what_a_run_makes_is_gone_when_it_is_closed(build_context: Path) -> None:
    """Containers that run, images, networks and volumes, and the temporary folder."""
    with opened_engine() as one:
        built = await one.build(build_context)
        running = await Container.start(one, built.tag)
        await one.must("network", "create", "--label", one.label, f"{one.project}-net")
        await one.must("volume", "create", "--label", one.label, f"{one.project}-volume")
        await one.must("network", "create", "--label", f"com.docker.compose.project={one.project}-x", f"{one.project}-other")
        assert "running" == (await running.state())["Status"]
        assert len(left(one.label)) == 4
        label, project, temporary = one.label, one.project, one._folder

    assert [] == left(label)
    assert [] == left(f"com.docker.compose.project={project}-x")
    assert not temporary.exists()


@takes_engine
@pytest.mark.timeout(600)
def test_what_a_killed_judge_has_made_is_removed(build_context: Path) -> None:
    """Also while it builds and starts."""
    code = ("import asyncio, sys\n"
            "from pathlib import Path\n"
            "from dojo.container import Container\n"
            "from dojo.engine import Engine, find\n"
            "async def main():\n"
            "    one = Engine(*find())\n"
            "    built = await one.build(Path(sys.argv[1]))\n"
            "    await Container.start(one, built.tag)\n"
            "    print(one.label, flush=True)\n"
            "    await asyncio.gather(*(Container.start(one, built.tag) for _ in range(3)))\n"
            "    await asyncio.sleep(600)\n"
            "asyncio.run(main())\n")
    judging = subprocess.Popen([sys.executable, "-c", code, str(build_context)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert judging.stdout is not None
    label = judging.stdout.readline().strip()
    assert label.startswith(LABEL)
    assert left(label)

    judging.send_signal(signal.SIGKILL)
    judging.wait()
    judging.stdout.close()

    until = time.monotonic() + 300
    while left(label) and time.monotonic() < until:
        time.sleep(0.2)
    assert [] == left(label)


@takes_engine
@pytest.mark.timeout(600)
async def test_what_is_sent_follows_dockerignore(build_context: Path) -> None:
    """The engine's own reading of its patterns."""
    for path in ("a/b.txt", "a/c.pyc", ".env", "d.txt"):
        (build_context / path).parent.mkdir(exist_ok=True)
        (build_context / path).write_text("x")
    (build_context / ".dockerignore").write_text("*\n!a\n**/*.pyc\n")

    with opened_engine() as one:
        assert {"a/b.txt"} == await one.sent(build_context)


@takes_engine
@pytest.mark.timeout(600)
async def test_an_image_is_taken_apart(build_context: Path) -> None:
    """Its settings, and the layers above its base with what they removed."""
    (build_context / "Dockerfile").write_text("FROM python:3.11-slim-bookworm\nRUN echo text > /one && chown 5:6 /one && chmod 640 /one\n"
                                       "RUN rm /one && echo more > /two\nUSER 7:8\n")

    with opened_engine() as one:
        saved = await one.save((await one.build(build_context)).tag, "python:3.11-slim-bookworm")

        assert ["RUN echo text > /one && chown 5:6 /one && chmod 640 /one", "RUN rm /one && echo more > /two"] == [
            layer.instruction for layer in saved.above]
        assert {"one": b"text\n"} == dict(saved.above[0].reading())
    assert (7, {8}) == saved.user()
    assert [Entry("one", 5, 0o640, 5, 6, tarfile.REGTYPE)] == [each for each in saved.above[0].entries if each.path == "one"]
    assert "one" not in saved.files
    assert "two" in saved.files
    assert 10 == saved.added


@takes_engine
@pytest.mark.timeout(600)
async def test_a_command_that_hangs_is_inconclusive(build_context: Path) -> None:
    """It ends with its patience limit, and the program with it."""
    with opened_engine() as one:
        running = await Container.start(one, (await one.build(build_context)).tag)
        with pytest.raises(Inconclusive):
            await one.run("wait", running.name, patience=0.2)
