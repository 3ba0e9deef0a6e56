"""2.7 · Every request is observed, whatever answers it, and each of them once."""

import asyncio
import itertools
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx

from dojo.kata import Red, Service, ServiceStarter, exercise
from dojo.workspace import SOLUTIONS

pytestmark = exercise("2.7", edit="app/main.py")

HERE = Path(__file__).parent
SMALL = (HERE / "_small_router.py").read_text(encoding="utf-8")
NAMES = ("predict", "compare", "users", "weather", "hashing", "config", "cache", "image", "tracking", "dashboard", "metrics")
#: Everything but app/main.py is the judge's: each router has one small route, and the middleware is the solutions'.
OVERLAY = {
    "app/metrics.py": Path(SOLUTIONS, "app/metrics.py").read_text(encoding="utf-8"),
    "app/recorder.py": Path(SOLUTIONS, "app/recorder.py").read_text(encoding="utf-8"),
    "app/timing_middleware.py": Path(SOLUTIONS, "app/middleware.py").read_text(encoding="utf-8"),
    "app/middleware.py": (HERE / "_noting_middleware.py").read_text(encoding="utf-8"),
    # What a profile adds, which belongs to phase 4.
    "app/limits.py": Path(SOLUTIONS, "app/limits.py").read_text(encoding="utf-8"),
    "app/tuning.py": Path(SOLUTIONS, "app/tuning.py").read_text(encoding="utf-8"),
    **{f"app/routers/{name}.py": SMALL for name in NAMES},
}

#: Ends the wait for what a wrong answer never observes. In seconds.
PATIENCE = 1.0
#: And at least so many questions, each of which gives the event loop a turn.
QUESTIONS_ASKED = 30
#: The routes of the judge's own questions.
QUESTIONS = ("/judge/told", "/judge/made")
PAGE = {"origin": "http://localhost:3000", "access-control-request-method": "GET"}

ORDER = "Each app.add_middleware() goes around those that were added before it: the last one is the outermost."

Observed = Counter[tuple[str, str, int]]


async def start(service: ServiceStarter, **settings: Any) -> Service:
    """The learner's application, with everything else the judge's."""
    return await service(options={"overlay": OVERLAY}, **settings)


async def told(api: Service, expected: int = 0) -> tuple[Observed, list[list[str]]]:
    """What was observed, once it is as much as expected or nothing more comes; and what stood around the middleware each time."""
    until = time.perf_counter() + PATIENCE
    for asked in itertools.count(1):
        answer = await api.get("/judge/told")
        await api.expect(200, answer, why="create_app() gives the application its recorder, as app.state.recorder: that part of it is given.")
        said = answer.json()
        observed = Counter({(method, route, status): count for method, route, status, count in said["requests"] if route not in QUESTIONS})
        if observed.total() >= expected or (asked > QUESTIONS_ASKED and time.perf_counter() > until):
            return observed, said["around"]
        await asyncio.sleep(0.01)
    raise AssertionError


def shown(observed: Observed) -> str:
    """What was observed, a line each."""
    if not observed:
        return "The recorder was told nothing."
    lines = [f"    {count} × {method} {route} → {status}" for (method, route, status), count in sorted(observed.items())]
    return "\n".join(["The recorder was told of", *lines[:8]])


def compare(what: str, expected: Observed, observed: Observed, why: str) -> None:
    """Raises `Red` when something else was observed than was sent."""
    missing, extra = expected - observed, observed - expected
    if missing:
        method, route, status = next(iter(missing))
        raise Red(f"{what} was answered with {status}, and not observed as {method} {route} → {status}.\n{shown(observed)}\n{why}")
    if extra:
        method, route, status = next(iter(extra))
        times = observed[method, route, status]
        raise Red(f"{what} was answered, and {method} {route} → {status} was observed {times} times.\n{shown(observed)}\n{why}")


async def one(api: Service) -> str:
    """The name of a router that the application takes in; it has been asked once."""
    for name in NAMES:
        answer = await api.get(f"/judge/{name}/1")
        if answer.status_code != 404:
            await api.expect(200, answer)
            return name
    raise Red("app/main.py takes in none of the routers, which is given: `for module in (…): app.include_router(module.router)`.")


async def ask(api: Service, method: str, path: str, status: int | None = None, **options: Any) -> httpx.Response:
    """One request, which has to be answered as it would be without a middleware."""
    answer = await api.request(method, path, **options)
    if status is not None:
        await api.expect(status, answer)
    return answer


async def test_requests_are_observed(service: ServiceStarter) -> None:
    """A request to a route of any router is observed: its method, the route's template, its status."""
    api = await start(service)
    first = await one(api)

    observed, _ = await told(api, 1)

    assert observed, (
        f"A route of app/routers/{first}.py has answered, and app.state.recorder was told nothing: app/main.py registers no TimingMiddleware "
        "yet, or one that has another recorder.\n"
        "Each application has its own, which create_app() makes: app.state.recorder. Only that one is shown at /metrics."
    )
    for name in NAMES:
        if (await api.get(f"/judge/{name}/2")).status_code == 404:  # what is taken in isn't this exercise's affair
            continue
        observed, _ = await told(api, observed.total() + 1)
        key = ("GET", f"/judge/{name}/{{name}}", 200)
        assert observed[key], (
            f"GET /judge/{name}/2 was answered with 200, and not observed as GET {key[1]} → 200.\n{shown(observed)}\n"
            f"That route is one of app/routers/{name}.py. The middleware stands in front of all routers."
        )


async def test_each_is_observed_once(service: ServiceStarter) -> None:
    """A request passes one TimingMiddleware: it is counted in flight once, timed once, and gets one header."""
    api = await start(service)
    name = await one(api)
    before, _ = await told(api, 1)
    answer = await ask(api, "GET", f"/judge/{name}/1", 200)
    why = "Is it registered twice, such as in create_app() and behind it?"

    observed, _ = await told(api, before.total() + 1)
    compare(f"One GET /judge/{name}/1", Counter({("GET", f"/judge/{name}/{{name}}", 200): 1}), observed - before, why)
    assert answer.json() == {"in_flight": 1}, (
        f"While the only request was served, the recorder had {answer.json().get('in_flight')} in flight. {why}"
    )
    headers = answer.headers.get_list("x-process-time")
    assert len(headers) == 1, f"The answer has {len(headers)} headers X-Process-Time, expected one: {', '.join(headers)}\n{why}"


async def test_applications_are_independent(service: ServiceStarter) -> None:
    """`create_app()` returns a FastAPI application with a recorder of its own, to which its own middleware tells its own requests."""
    api = await start(service)
    answer = await ask(api, "GET", "/judge/made", 200)
    made = answer.json()

    for name, kind in zip(("`app`", "What create_app() returns"), made["kinds"], strict=True):
        assert kind == "FastAPI", (
            f"{name} in app/main.py is a {kind}, no FastAPI: its routes, its state and its documentation are out of reach for whoever "
            "has only that, such as a test that overrides a dependency. The application itself is told of its middleware: app.add_middleware()."
        )
    assert not made["recorders"], f"app.state.recorder is a {made['recorders'][0]}: create_app() makes a Recorder there, which is given."
    assert not made["shared"], "Two applications share one recorder: create_app() makes a new one each time, which is given."
    served, one, other = made["observed"]
    assert [served, one, other] == [0, 2, 3], (
        "Of two applications made by create_app() one was sent two requests, the other three, and `app` of app/main.py none. Their recorders were "
        f"told of {one}, {other} and {served}. Each has a middleware of its own, which create_app() registers, with the recorder of the same "
        "application: what lies outside of create_app(), such as a list of middlewares, is that of all of them."
    )


async def test_what_no_route_answers_is_observed(service: ServiceStarter) -> None:
    """Requests are observed that no route takes, that are refused, that ask for the documentation, or that fail."""
    api = await start(service)
    name = await one(api)
    expected, _ = await told(api, 1)
    why = {
        404: "What no route takes is a request as well, and a thousand of them in a minute are news. A dependency never sees them.",
        405: "A method that the route doesn't know is refused before any dependency is asked.",
        422: "Input that is refused is refused before the endpoint runs. Is what observes a dependency, or a decorator?",
        418: "An HTTPException becomes an answer outside of the routes.",
        200: "FastAPI's own routes, such as /openapi.json, are no router's.",
        500: "An endpoint that raises is answered with 500 by Starlette's outermost layer. Errors are what one most wants to see.",
    }
    for method, path, status, route in (
        ("GET", "/no/such/path", 404, "(unknown)"), ("POST", f"/judge/{name}/1", 405, None),
        ("GET", f"/judge/{name}/one", 422, f"/judge/{name}/{{name}}"), ("GET", f"/judge/{name}/418", 418, f"/judge/{name}/{{name}}"),
        ("GET", "/openapi.json", 200, None), ("GET", f"/judge/{name}/500", 500, f"/judge/{name}/{{name}}"),
    ):
        before, _ = await told(api)
        answer = await ask(api, method, path)
        assert answer.status_code == status, f"{method} {path} answered {answer.status_code}, expected {status}: the middleware changes no answer."
        if path == "/openapi.json":
            assert f"/judge/{name}/{{name}}" in answer.json()["paths"], (
                f"GET /openapi.json knows no route of app/routers/{name}.py: what create_app() returns isn't the application that has them, but "
                "another one around it. Its documentation is empty, and so are its routes. The application itself is told of its middleware."
            )
        observed, _ = await told(api, before.total() + 1)
        if route is None:  # what the router calls it isn't main.py's affair
            route = next((route for seen_method, route, seen in observed - before if (seen_method, seen) == (method, status)), "(unknown)")
        expected[method, route, status] += 1
        compare(f"{method} {path}", expected, observed, why[status])


async def test_no_request_is_left_out(service: ServiceStarter) -> None:
    """Requests are observed whatever they ask for, and by whatever method: also what a machine asks again and again."""
    api = await start(service)
    name = await one(api)
    why = ("Every request is observed. Who doesn't want to see the probes of a load balancer, or the scrapes of Prometheus, leaves them out "
           "where the numbers are shown: what was never counted, nobody can look up.")
    # Each once, as some aren't there, and paths that no route takes have one label.
    for method, path in (("HEAD", f"/judge/{name}/1"), *(("GET", path) for path in (
            "/health", "/health/live", "/health/ready", "/metrics", "/metrics.json", "/docs", "/redoc", "/openapi.json", "/", "/favicon.ico"))):
        before, _ = await told(api)
        answer = await ask(api, method, path)
        observed, _ = await told(api, before.total() + 1)
        found = [(seen_method, seen) for (seen_method, _, seen), count in (observed - before).items() for _ in range(count)]
        assert found, f"{method} {path} was answered with {answer.status_code}, and not observed.\n{shown(observed)}\n{why}"
        assert [(method, answer.status_code)] == found, (
            f"One {method} {path} was answered with {answer.status_code}, and observed were {found}.\n{shown(observed)}"
        )


async def test_it_is_outermost(service: ServiceStarter) -> None:
    """The middleware is the outermost of all: what another one answers, refuses or spends time on is observed too."""
    await outermost(await start(service))


async def test_it_is_outermost_with_a_profile(service: ServiceStarter) -> None:
    """A profile adds a middleware, and this one is outermost then too: what is refused because there is too much to do is observed."""
    await outermost(await start(service, profile="io-bound"), "With the profile io-bound, ")


async def outermost(api: Service, when: str = "") -> None:
    """Checks that nothing but the application's own layers stands around the middleware; ``when`` begins what is said."""
    path = f"/judge/{await one(api)}/1"
    expected, _ = await told(api, 1)
    assert expected, f"{when}requests are not observed at all. TimingMiddleware is registered whatever settings.profile says."
    sent = (
        ("OPTIONS", PAGE, "A browser that asks whether a page may call is answered by CORSMiddleware, if that stands outside."),
        ("GET", {"host": "other.example"}, "TrustedHostMiddleware answers a stranger's name by itself, if it stands outside."),
        ("GET", {"x-forwarded-proto": "http", "accept-encoding": "gzip"}, "Something outside of it answers by itself."),
    )
    for method, headers, why in sent:
        before, _ = await told(api)
        answer = await ask(api, method, path, headers=headers)
        observed, around = await told(api, before.total() + 1)
        route = next((route for seen_method, route, seen in observed - before if (seen_method, seen) == (method, answer.status_code)), "(unknown)")
        expected[method, route, answer.status_code] += 1
        compare(f"{when}{method} {path} with the header {': '.join(next(iter(headers.items())))}", expected, observed, f"{why}\n{ORDER}")

    assert around, (
        "Requests are observed, but TimingMiddleware of app/middleware.py was never called. It is the one to register: what 2.1 to 2.3 prove "
        "of it needs no second proof."
    )
    outer = next((each for each in around if each), [])
    assert not outer, (
        f"{when}TimingMiddleware isn't outermost. On its way to it, a request passes\n    {outer[-1]}\n"
        f"The time that is spent there is part of what a client waits for, and isn't measured.\n{ORDER}"
    )
