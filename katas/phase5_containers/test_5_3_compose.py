"""5.3 · One command brings up the service, and with a profile what puts a load on it."""

import asyncio
import random
import re
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from dojo import compose
from dojo.compose import Project
from dojo.container import Container
from dojo.context import context
from dojo.engine import Engine
from dojo.kata import Inconclusive, Red, exercise, listed, tier
from dojo.plugin import RUN
from dojo.workspace import ROOT
from katas.phase5_containers.asking import checked, command_of

pytestmark = exercise("5.3", edit=("docker-compose.yml", "Dockerfile"))

API, MASTER, WORKER = "api", "load-master", "load-worker"
#: What stands in a compose file that the static checks don't follow, as it leads to another file; Compose itself does.
ELSEWHERE = ("extends", "include")
#: The version of Locust that the constraints of a judged build ask for, which isn't the newest: so it shows who follows them.
OLDER = "2.46.7"
#: Addresses of this machine alone.
LOOPBACK = ("127.0.0.1", "localhost", "::1")
#: Only ends a hang, in seconds.
PATIENCE = 60.0
WHY_PORT = ("The ports are this machine's, and there is one of each: who works on two things at once, or has something else on port 8000, "
            "has to be able to choose another.")
WHY_LOOPBACK = "A port that is published without an address can be reached from every machine around, past most firewalls."


def text_of(tree: Path) -> str:
    """The compose file's text."""
    file = tree / compose.FILE
    if not file.is_file():
        raise Red(f"There is no file {compose.FILE} beside app/.")
    return file.read_text(encoding="utf-8", errors="replace")


@pytest.fixture
def text(tree: Path) -> str:
    """The compose file's text; raises `Red` while it is the stub."""
    given = text_of(tree)
    services = compose.read(given, {}).services
    missing = [name for name in (API, MASTER, WORKER) if name not in services]
    if missing and not re.search(rf"^\s*({'|'.join(ELSEWHERE)})\s*:", given, re.M):
        raise Red(f"{compose.FILE} has no service {listed(missing)}: there is {listed(list(services))}.")
    return given


# -- static


@tier("static")
async def test_the_three_services_are_there(text: str) -> None:
    """The file has the services api, load-master and load-worker."""
    assert text


@tier("static")
async def test_it_is_valid(text: str) -> None:
    """The file is one that the schema of compose files takes."""
    found = await asyncio.to_thread(compose.complaints, text)

    assert not found, f"{compose.FILE} isn't valid:\n" + "\n".join(f"    {line}" for line in found[:4])


@tier("static")
async def test_nothing_needs_to_be_set(text: str) -> None:
    """Every variable of the environment has a default."""
    unset = compose.read(text, {}).unset

    assert not unset, (
        f"{compose.FILE} asks the environment for {listed(sorted(set(unset)))}, and has nothing for when it isn't set: Compose puts an empty text "
        "there, "
        "or refuses. An empty text is no number, so the service doesn't start. Compose knows a way to write a default."
    )


@tier("static")
async def test_only_the_profile_brings_up_locust(text: str) -> None:
    """Locust is in the profile load, the service in none."""
    services = compose.read(text, {}).services
    for name in (API, MASTER, WORKER):
        service = services.get(name, {})
        profiles = service.get("profiles") or []
        if any(key in service for key in ELSEWHERE) or not service:
            continue
        if name == API:
            assert not profiles, f"services.api is in the profile {listed(profiles)}: `docker compose up` alone leaves it out."
        else:
            assert "load" in profiles, f"services.{name} isn't in the profile load: `docker compose up` alone starts it, and with it the load."


@tier("static")
async def test_locust_waits_until_the_service_can_work(text: str) -> None:
    """Locust's master, or the service that it waits for, starts when the api is healthy."""
    services = compose.read(text, {}).services
    if any(key in service for service in services.values() for key in ELSEWHERE):
        return
    for name in (MASTER, WORKER):
        waits, seen, new = False, {name}, [name]
        while new:
            for other, condition in compose.conditions(services.get(new.pop(), {})).items():
                waits = waits or (other == API and condition == "service_healthy")
                if other not in seen:
                    seen.add(other)
                    new.append(other)
        assert waits, (
            f"services.{name} doesn't wait until the api is healthy, neither by itself nor by way of a service that it waits for. Started is not "
            "ready: the process "
            "runs, and loads a model, and the first requests find nobody. depends_on knows conditions."
        )


@tier("static")
async def test_two_of_it_can_run_side_by_side(text: str) -> None:
    """No name and no port is fixed: API_PORT and LOCUST_PORT choose the ports, 8000 and 8089 when they aren't set."""
    chosen = {"API_PORT": str(random.randint(20000, 29999)), "LOCUST_PORT": str(random.randint(30000, 39999))}
    without, given = compose.read(text, {}).services, compose.read(text, chosen).services
    # Compose sets this one by itself, to another one in each checkout's folder.
    beside = compose.read(text, {**chosen, "COMPOSE_PROJECT_NAME": "beside"}).services
    # Whatever a variable decides is another one then.
    other = compose.read(text, {name: str(random.randint(40000, 49999)) for name in re.findall(r"\$\{?(\w+)", text)})
    for name, service in given.items():
        fixed = service.get("container_name")
        assert not fixed or fixed != beside[name].get("container_name"), (
            f"services.{name} has the container_name {fixed}: there can be one container of that name on a machine, so a second checkout can't be "
            "started."
        )
        assert service.get("network_mode") != "host", (
            f"services.{name} has the network_mode host: all ports of its containers are this machine's own then, always the same, and open to "
            f"whatever address they listen on. {WHY_PORT}"
        )
        for port, another in zip(compose.published(service), compose.published(other.services[name]), strict=False):
            assert port.host in LOOPBACK, f"services.{name} publishes port {port.target} on {port.host or 'every interface'}. {WHY_LOOPBACK}"
            assert not port.port or port.port != another.port or (name, port.target) in ((API, 8000), (MASTER, 8089)), (
                f"services.{name} publishes port {port.target} on this machine's port {port.port}, whatever the environment says. {WHY_PORT} "
                "Who is in the network of the project needs no published port to reach it."
            )
    for name, network in compose.read(text, chosen).networks.items():
        fixed = network.get("name")
        assert not fixed or network.get("external") or fixed != other.networks[name].get("name"), (
            f"networks.{name} has the name {fixed}: there can be one network of that name on a machine, so a second checkout can't be started. "
            "Without a name it gets one with the project's."
        )
    for name, target, variable in ((API, 8000, "API_PORT"), (MASTER, 8089, "LOCUST_PORT")):
        if any(key in given.get(name, {}) for key in ELSEWHERE):
            continue
        ports = [port for port in compose.published(given.get(name, {})) if port.target == target]
        default = [port for port in compose.published(without.get(name, {})) if port.target == target]
        assert ports, f"services.{name} publishes no port {target}: nobody outside of its network reaches it."
        assert [target] == [port.port for port in default], (
            f"Without {variable}, services.{name} publishes port {default[0].port}, expected {target}."
        )
        assert [int(chosen[variable])] == [port.port for port in ports], (
            f"With {variable}={chosen[variable]}, services.{name} publishes port {ports[0].port or 'of chance'}. {WHY_PORT}"
        )


@tier("static")
async def test_the_settings_come_from_the_environment(text: str) -> None:
    """INFERENCE_SECONDS reaches the service, and LOAD_WORKERS says how many workers there are, two when it isn't set."""
    seconds, workers = f"{random.uniform(0.2, 0.9):.3f}", str(random.randint(3, 6))
    chosen = {"INFERENCE_SECONDS": seconds, "LOAD_WORKERS": workers}
    without, given = compose.read(text, {}).services, compose.read(text, chosen).services
    if not any(key in given.get(API, {}) for key in ELSEWHERE):
        had = compose.variables(given.get(API, {}), chosen).get("INFERENCE_SECONDS")
        assert had == seconds or (had is None and "env_file" in given.get(API, {})), (
            f"With INFERENCE_SECONDS={seconds} in the environment, services.api gets {had or 'no INFERENCE_SECONDS at all'}. What isn't named stays "
            "outside."
        )
        default = compose.variables(without.get(API, {}), {}).get("INFERENCE_SECONDS")
        assert default is None or re.fullmatch(r"\d+\.?\d*(?:e-?\d+)?|\.\d+", default), (
            f"Without INFERENCE_SECONDS in the environment, services.api gets {default or 'an empty text'} as INFERENCE_SECONDS, which is no number: "
            "the service ends as soon as it reads it. What stands behind the :- of a variable is its default."
        )
    if any(key in given.get(WORKER, {}) for key in ELSEWHERE):
        return
    assert compose.copies(without.get(WORKER, {})) == 2, "Without LOAD_WORKERS in the environment, two workers have to run."
    assert compose.copies(given.get(WORKER, {})) == int(workers), (
        f"With LOAD_WORKERS={workers} in the environment, services.load-worker has {compose.copies(given.get(WORKER, {}))}."
    )


# -- behavior


class Bench:
    """The compose file, run in a copy of the workspace."""

    def __init__(self, project: Project, api: str, page: str, seconds: float) -> None:
        self.project = project
        self.api = api
        self.page = page
        self.seconds = seconds


def free_port() -> int:
    """A port of this machine that is free at this moment."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def bench(request: pytest.FixtureRequest, engine: Engine) -> AsyncIterator[Bench]:
    """The learner's compose file in a folder of its own, with nothing running yet."""
    users = Path(__file__).with_name("_judge_users.py").read_text(encoding="utf-8")
    pins = re.sub(r"^locust==.*$", f"locust=={OLDER}", (ROOT / "constraints.txt").read_text(encoding="utf-8"), flags=re.M)
    folder = context(request.config.stash[RUN].launcher.root, engine.folder("project"), older=False,
                               files={"locustfile.py": users, "constraints.txt": pins})
    api, page, seconds = free_port(), free_port(), round(random.uniform(0.3, 0.6), 2)
    project = Project(engine, folder, {"API_PORT": str(api), "LOCUST_PORT": str(page), "INFERENCE_SECONDS": str(seconds), "LOAD_WORKERS": "1"})
    try:
        await project.prepare()
        yield Bench(project, f"http://127.0.0.1:{api}", f"http://127.0.0.1:{page}", seconds)
    finally:
        await project.close()


async def answer(bench: Bench, service: str, url: str, method: str = "GET", **options: Any) -> httpx.Response:
    """The answer of a service; raises `Red` with what its container wrote when there is none."""
    until = time.monotonic() + PATIENCE
    async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE) as client:
        while True:
            try:
                return await client.request(method, url, **options)
            except httpx.TransportError as error:
                if time.monotonic() > until:
                    raise Red(f"services.{service} is up, and {method} {url} got no answer within {PATIENCE:g} s, the patience limit: "
                              f"{error or type(error).__name__}. "
                              f"Its container wrote:\n{await bench.project.wrote(service)}") from None
            await asyncio.sleep(0.1)


@tier("behavior")
async def test_up_waits_until_the_service_is_healthy(bench: Bench) -> None:
    """`docker compose up --wait` starts the api alone, and returns when it is healthy and answers."""
    await bench.project.up()

    running = await bench.project.containers()
    names = [each["Service"] for each in running]
    assert [API] == names, f"`docker compose up` without a profile started {listed(names)}, expected api alone."
    health = (await bench.project.inspect(API))[0]["State"].get("Health")
    assert health, ("The api runs, and nobody asks whether it can work: neither the file nor the image has a health check for it, so --wait "
                    "returned as soon as it was "
                    "started, and depends_on can't wait either.")
    assert "healthy" == health["Status"], f"`docker compose up --wait` has returned, and the api is {health['Status']}."
    got = await answer(bench, API, f"{bench.api}/health")
    if got.status_code != 200:
        raise Red(f"GET /health answered {got.status_code}, expected 200. The container wrote:\n{await bench.project.wrote(API)}")


@tier("behavior")
async def test_the_service_got_its_settings(bench: Bench) -> None:
    """The api's container has the INFERENCE_SECONDS of the environment."""
    variables = dict(pair.partition("=")[::2] for pair in (await bench.project.inspect(API))[0]["Config"]["Env"])

    assert str(bench.seconds) == variables.get("INFERENCE_SECONDS"), (
        f"INFERENCE_SECONDS={bench.seconds} was set when the file was brought up. In the api's container it is "
        f"{variables.get('INFERENCE_SECONDS', 'not there')}."
    )


@tier("behavior")
async def test_the_health_check_can_say_no(bench: Bench) -> None:
    """The api's health check fails in a container in which nobody listens."""
    api = (await bench.project.inspect(API))[0]
    check = command_of(api["Config"].get("Healthcheck"))
    waits = ("-c", "import time; time.sleep(600)")
    nobody = await Container.start(bench.project.engine, api["Image"], "--no-healthcheck", "--entrypoint", "python", command=waits)

    status = await checked(nobody, check)

    await nobody.remove()
    assert status, ("In a container of the api's image in which nobody listens, the api's health check ended with status 0: all is well, it says. "
                    "So whoever waits for its yes waits for nothing: Locust starts when the service doesn't answer yet. It is:\n"
                    f"    {' '.join(check)[:200]}")


@tier("behavior")
async def test_a_saved_file_is_served(bench: Bench) -> None:
    """When a file of app/ is saved, the running service serves it."""
    version = f"{random.randint(2, 99)}.{random.randint(0, 99)}.{random.randint(0, 99)}"
    file = bench.project.folder / "app" / "model.py"
    given = file.read_text(encoding="utf-8")
    changed = re.sub(r'^MODEL_VERSION = ".*"$', f'MODEL_VERSION = "{version}"', given, flags=re.M)
    if changed == given:
        raise Inconclusive("app/model.py, which is given, has been changed: it has no line MODEL_VERSION = \"…\" any more")
    began = (await bench.project.inspect(API))[0]["State"]["StartedAt"]
    file.write_text(changed, encoding="utf-8")

    until, served = time.monotonic() + PATIENCE, ""
    while served != version:
        if time.monotonic() > until:
            seen = await bench.project.engine.must("exec", (await bench.project.containers(API))[0]["ID"], "python", "-c", "import app.model as m; "
                                                                                                                           "print(m.MODEL_VERSION)")
            where = ("In its container the file is the new one: the code is mounted, and the server doesn't look whether it "
                     "changes." if seen.strip() == version
                     else "In its container the file is still the old one: the code is a copy of the image's.")
            raise Red(f"app/model.py was saved with MODEL_VERSION = \"{version}\", and {PATIENCE:g} s later, the patience limit, the service's "
                      "/openapi.json still says "
                      f"{served or 'nothing'}. {where}")
        got = await answer(bench, API, f"{bench.api}/openapi.json")
        served = str(got.json().get("info", {}).get("version", "")) if got.status_code == 200 else ""
        await asyncio.sleep(0.1)
    now = (await bench.project.inspect(API))[0]["State"]["StartedAt"]
    assert began == now, "The file was served by a new container: somebody has to be there who starts one. A server can look for changes itself."


@tier("behavior")
async def test_the_profile_brings_up_locust(bench: Bench) -> None:
    """With the profile load there are a master with its page and as many workers as LOAD_WORKERS says, of one image."""
    await bench.project.up("load")

    workers = await bench.project.inspect(WORKER)
    assert 1 == len(workers), f"LOAD_WORKERS=1 was set, and {len(workers)} containers of load-worker run."
    master = (await bench.project.inspect(MASTER))[0]
    assert master["Image"] == workers[0]["Image"], (
        "load-master and load-worker run different images. Two Locusts that talk to each other have to be the same one: their versions, and the "
        "users that they know."
    )
    await must_follow_the_constraints(bench)
    until = time.monotonic() + PATIENCE
    while not (connected := (await answer(bench, MASTER, f"{bench.page}/stats/requests")).json().get("workers")):
        if time.monotonic() > until:
            raise Red(f"Locust's page is there, and {PATIENCE:g} s later, the patience limit, its master knows of no worker. The worker's "
                      "container wrote:\n"
                      f"{await bench.project.wrote(WORKER)}\nThe other end isn't in the same container: it has a name in the network of the project.")
        await asyncio.sleep(0.2)
    assert 1 == len(connected)


async def must_follow_the_constraints(bench: Bench) -> None:
    """Locust has the version of constraints.txt, that of the judged build or, where it is written down in the learner's files, the usual one."""
    asks = "import importlib.metadata as m; print(m.version('locust'))"
    python = await bench.project.engine.run("exec", (await bench.project.containers(MASTER))[0]["ID"], "python", "-c", asks)
    version = python.out.strip()
    pinned = re.search(r"^locust==(\S+)$", (ROOT / "constraints.txt").read_text(encoding="utf-8"), re.M)
    files = [bench.project.folder / name for name in ("Dockerfile", compose.FILE)]
    if python.status or version == OLDER:
        return
    named = any(re.search(rf"locust==\"?{re.escape(version)}(?![\w.])", file.read_text(encoding="utf-8", errors="replace")) for file in files)
    if named and pinned and version == pinned[1]:
        return
    raise Red(f"The kata's constraints.txt asks for Locust {OLDER}, which isn't the newest, and load-master runs {version}: whatever the index had "
              "newest when the image was built. The same files give another Locust on another day. pip install takes --constraint.")


@tier("behavior")
async def test_the_load_reaches_the_service(bench: Bench) -> None:
    """Started on Locust's page, with the host that it proposes, the load reaches the api."""
    got = await answer(bench, MASTER, f"{bench.page}/swarm", "POST", data={"user_count": "2", "spawn_rate": "2"})
    started = got.status_code == 200 and bool(got.json().get("success"))
    assert started, f"POST /swarm on Locust's page answered {got.status_code}: {got.text[:200]}"

    until = time.monotonic() + PATIENCE
    while True:
        stats = (await answer(bench, MASTER, f"{bench.page}/stats/requests")).json()
        rows = [row for row in stats["stats"] if row["name"] == "/health"]
        errors = [str(each.get("error")) for each in stats["errors"]]
        if rows and rows[0]["num_requests"] > rows[0]["num_failures"]:
            return
        if rows and any(re.search(r"HTTPError|BadStatus|\b[45]\d\d\b", error) for error in errors):
            return  # it was answered, which is all that is asked here
        if time.monotonic() > until:
            told = f" Its users saw:\n    {errors[0][:200]}" if errors else f" Its worker wrote:\n{await bench.project.wrote(WORKER)}"
            raise Red(f"Locust was started on its page, without a host of its own, and in {PATIENCE:g} s, the patience limit, no request was "
                      f"answered.{told}\n"
                      "In a container localhost is the container itself; the api has a name in the network of the project.")
        await asyncio.sleep(0.2)


@tier("behavior")
async def test_down_leaves_nothing(bench: Bench) -> None:
    """The api ends when it is told to, and `docker compose down` leaves no container, network or volume."""
    await bench.project.compose("--profile", "*", "stop", "--timeout", "30")
    ended = {each["Service"]: each["ExitCode"] for each in await bench.project.containers()}
    assert 137 != ended.get(API), ("The api did not end within 30 s of being told to, and was killed. Who is process 1 of its container, and does "
                                   "it hand the signal on?")

    await bench.project.down()

    left = await bench.project.left()
    assert not left, f"After `docker compose down` there still is {listed(left)}. What is left behind decides how the next start goes."
