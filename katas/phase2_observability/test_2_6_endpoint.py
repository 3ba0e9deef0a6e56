"""2.6 · What was measured is shown to Prometheus, which reads a text, and to a person."""

import itertools
import json
import math
import random
from collections import Counter
from collections.abc import Container, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics_families

from dojo.kata import Red, Service, ServiceStarter, beside, exercise, listed
from dojo.workspace import SOLUTIONS
from katas.phase2_observability.exposition import Family, Series, family, read, spelled

pytestmark = exercise("2.6", edit="app/routers/metrics.py")

SERVICE = "_reported_service.py"
#: What this exercise builds on is the solutions': only the router is the learner's.
OVERLAY = {file: Path(SOLUTIONS, file).read_text(encoding="utf-8") for file in ("app/metrics.py", "app/middleware.py", "app/recorder.py")}

DURATION, TOTAL, IN_FLIGHT = "http_request_duration_seconds", "http_requests_total", "http_requests_in_flight"
COUNT, SUM = f"{DURATION}_count", f"{DURATION}_sum"
#: The routes that are left out.
REPORTS = ("/metrics", "/metrics.json")
QUANTILES = {"0.5": 50, "0.95": 95, "0.99": 99}
#: How far a number may be from the right one: a microsecond, and what adding in floating point costs.
MICROSECOND, RELATIVE = 1.01e-6, 1e-9

#: What a Prometheus of today sends, and one that only knows the text format.
ACCEPT = ("application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1")
ACCEPT_TEXT = "text/plain;version=0.0.4;q=1,*/*;q=0.1"

UNKNOWN = ("route_label() can't know them unless FastAPI does: @router.get() or router.add_api_route(), not a route of Starlette's own. "
           "Only then can they be told from the requests of others that no route took, which have to be shown.")

Key = tuple[str, frozenset[tuple[str, str]]]


@dataclass
class Happened:
    """All that the recorder was told, and the service which it belongs to."""

    api: Service
    capacity: int
    latencies: dict[str, list[float]] = field(default_factory=dict)
    requests: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    in_flight: int = 0
    #: Of each route, how many more requests there were, and the seconds of all of them.
    earlier: dict[str, tuple[int, float]] = field(default_factory=dict)

    async def tell(self, *observe: tuple[str, str, int, list[float]], enter: int = 0, leave: int = 0) -> None:
        """Tells the recorder: method, route, status and latencies of requests that are over; how many come and go."""
        await self._post(observe=observe, enter=enter, leave=leave)
        self.in_flight += enter - leave
        for method, route, status, latencies in observe:
            if route in REPORTS:
                continue
            good = [seconds for seconds in latencies if 0 <= seconds < math.inf]
            self.latencies.setdefault(route, []).extend(good)
            if good:
                self.requests[method, route, status] += len(good)

    async def tell_of_months(self, method: str, route: str, status: int, count: int, seconds: float) -> None:
        """Tells the recorder of ``count`` more requests to a route that it knows, of which no latency is kept, and of the ``seconds`` of all."""
        await self._post(observe=[], earlier=[(method, route, status, count, seconds)])
        self.earlier[route] = (count, seconds)
        self.requests[method, route, status] += count

    async def _post(self, **happened: Any) -> None:
        await self.api.expect(200, await self.api.post("/judge", content=json.dumps(happened)))

    def count(self, route: str) -> int:
        """How many latencies of ``route`` were measured."""
        return len(self.latencies[route]) + self.earlier.get(route, (0, 0.0))[0]

    def seconds(self, route: str) -> float:
        """The sum of all latencies of ``route`` that were measured."""
        return math.fsum(self.latencies[route]) + self.earlier.get(route, (0, 0.0))[1]

    def window(self, route: str) -> list[float]:
        """The latencies of ``route`` that are kept."""
        return self.latencies[route][-self.capacity:]

    def percentile(self, route: str, p: int) -> float:
        """By nearest rank, of what is kept; NaN of nothing."""
        kept = sorted(self.window(route))
        return kept[max(1, -(-p * len(kept) // 100)) - 1] if kept else math.nan


async def begin(service: ServiceStarter, capacity: int = 1000, app: str = "app") -> Happened:
    """A service with the learner's router, to whose recorder nothing has happened."""
    api = await service(beside(__file__, SERVICE, app), latency_samples=capacity, options={"overlay": OVERLAY})
    return Happened(api, capacity)


# -- what is read


async def scrape(api: Service, accept: str = "*/*", path: str = "/metrics") -> dict[str, Family]:
    """What GET /metrics shows, read as Prometheus' text format."""
    answer = await get(api, path, accept=accept)
    kind, _, options = answer.headers.get("content-type", "").partition(";")
    parameters = dict(pair.strip().lower().partition("=")[::2] for pair in options.split(";") if pair.strip())
    asked = "" if accept == "*/*" else f", asked with Accept: {accept}"
    assert "text/plain" == kind.strip().lower(), (
        f"/metrics came as {answer.headers.get('content-type', 'nothing')!r}{asked}. Prometheus chooses its reader by the content type; "
        "this text's is\n    text/plain; version=0.0.4; charset=utf-8"
    )
    assert parameters.get("version", "0.0.4").strip('"') in ("0.0.4", "1.0.0"), (
        f"/metrics came as {answer.headers['content-type']!r}{asked}. The version that is meant there is that of the text format: 0.0.4."
    )
    assert parameters.get("charset", "utf-8").strip('"') in ("utf-8", "utf8"), (
        f"/metrics came as {answer.headers['content-type']!r}: the text format is UTF-8."
    )
    try:
        text = answer.content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Red(f"The body of /metrics is no UTF-8, which the text format is: {error}") from None
    return read(text)


async def get(api: Service, path: str, accept: str = "*/*", why: str = "", encoding: str = "gzip") -> httpx.Response:
    """The answer to a reader's GET, which has to be a 200."""
    answer = await api.get(path, headers={"accept": accept, "accept-encoding": encoding})
    await api.expect(200, answer, why=why)
    return answer


def near(expected: float, value: float) -> bool:
    """Whether a number is the expected one, to a microsecond; a NaN is a NaN."""
    return math.isclose(expected, value, rel_tol=RELATIVE, abs_tol=MICROSECOND) or (math.isnan(expected) and math.isnan(value))


def check(families: dict[str, Family], happened: Happened, after: str = "") -> None:
    """Compares the three families with what has happened; ``after`` says what that was."""
    # Where nothing has happened a family may be left out; one that is there is looked at all the same.
    duration, total = families.get(DURATION), families.get(TOTAL)
    if happened.latencies:
        duration = family(families, DURATION, "summary", "It has the quantiles of each route, their _sum and their _count.")
    if happened.requests:
        total = family(families, TOTAL, "counter", "A counter's name ends in _total, and Prometheus makes rates of it.")
    in_flight = family(families, IN_FLIGHT, "gauge", "It goes up and down: how many requests have come and aren't over.")
    _check_counts(total, happened, after)
    _check_durations(duration, happened, after)
    _check_in_flight(in_flight, happened, after)


def _check_counts(total: Family | None, happened: Happened, after: str) -> None:
    expected: dict[Key, float] = {}
    for (method, route, status), count in happened.requests.items():
        expected[key(TOTAL, method=method, route=route, status=str(status))] = count
    _compare(total.series if total else [], expected, happened, after)


def _check_durations(duration: Family | None, happened: Happened, after: str) -> None:
    expected: dict[Key, float] = {}
    may_miss: set[Key] = set()
    for route, latencies in happened.latencies.items():
        for quantile, p in QUANTILES.items():
            expected[key(DURATION, route=route, quantile=quantile)] = happened.percentile(route, p)
        expected[key(COUNT, route=route)] = happened.count(route)
        expected[key(SUM, route=route)] = happened.seconds(route)
        if not latencies:
            may_miss |= {each for each in expected if ("route", route) in each[1]}
    _compare(duration.series if duration else [], expected, happened, after, may_miss)


def _check_in_flight(in_flight: Family, happened: Happened, after: str) -> None:
    assert in_flight.series, f"{IN_FLIGHT} has no value; there is always one, be it 0."
    series = in_flight.series[0]
    assert not series.labels, f"Line {series.line} of /metrics:\n    {series.text}\n{IN_FLIGHT} has no labels: it is one number."
    if in_flight.series[1:]:
        other = in_flight.series[1]
        raise Red(f"Line {other.line} of /metrics:\n    {other.text}\n{IN_FLIGHT} has one value, and line {series.line} says it already. Whoever "
                  "adds up what all services say would count each request twice.")
    assert series.value in (happened.in_flight, happened.in_flight + 1), (
        f"{after}{happened.in_flight} requests have come and aren't over, and this scrape, which may be counted or not. "
        f"Line {series.line} of /metrics:\n    {series.text}\nExpected {happened.in_flight} or {happened.in_flight + 1}, from recorder.in_flight."
    )


def _compare(shown: list[Series], expected: dict[Key, float], happened: Happened, after: str, may_miss: Container[Key] = ()) -> None:
    found = {series.key: series for series in shown}
    for wanted, value in expected.items():
        if wanted not in found:
            if wanted not in may_miss:
                raise Red(f"{after}/metrics shows no\n    {_spelled(wanted)}{_instead(wanted, found.values(), expected)}")
        elif not near(value, found[wanted].value):
            series = found[wanted]
            said = f"{after}Line {series.line} of /metrics says {series.value!r} of\n    {_spelled(wanted)}"
            raise Red(f"{said}\nExpected {value!r}{_cause(series, value, happened)}")
    for series in shown:
        assert series.key in expected, f"{after}Line {series.line} of /metrics:\n    {series.text}\n{_stranger(series, happened)}"


def key(name: str, **labels: str) -> Key:
    """A series' name and labels, in a form that can be compared."""
    return name, frozenset(labels.items())


def _spelled(wanted: Key) -> str:
    order = ("method", "route", "status", "quantile")
    return spelled(wanted[0], dict(sorted(wanted[1], key=lambda label: order.index(label[0]))))


def _instead(wanted: Key, shown: Iterable[Series], expected: dict[Key, float]) -> str:
    """The line that is most like a missing series, as far as it isn't expected itself."""
    strangers = [series for series in shown if series.key not in expected]
    best = max(strangers, key=lambda series: (series.name == wanted[0], len(wanted[1] & series.key[1]), -len(series.labels)), default=None)
    if best is None:
        return ""
    names = {name for name, _ in wanted[1]}
    told = f"\nWhat is shown instead? Line {best.line}:\n    {best.text:.100}"
    if best.name != wanted[0]:
        return told
    if best.labels.keys() != names:
        return f"{told}\nIts labels are {', '.join(best.labels) or 'none'}; they have to be {', '.join(sorted(names))}, and no others."
    wrong = next((name for name, value in sorted(wanted[1]) if best.labels[name] != value), "")
    if wrong == "quantile":
        return f'{told}\nA quantile is written as 0.5, 0.95, 0.99. A query for quantile="0.95" compares texts.'
    if wrong == "route":
        return f"{told}\nThe label is the route as the recorder has it, sign by sign, once it is read back."
    return told


def _cause(series: Series, value: float, happened: Happened) -> str:
    """What a wrong number may be, in words that end the sentence."""
    route = series.labels.get("route", "")
    if series.name in (DURATION, SUM) and near(1000 * value, series.value) and value:
        return ". That looks like milliseconds. Prometheus counts in seconds, as the name says."
    if math.isclose(value, series.value, rel_tol=1e-5) and abs(value) >= 1e6:
        return f". It has lost digits, as with a format like {value:g}: what grows by less than what was lost stands still. Write all of them."
    if series.name in (DURATION, SUM) and series.value in (float(f"{value:.{digits}g}") for digits in range(4, 12)):
        return (". It has lost digits. A format such as `.6g` counts those before the point too, so the larger a number is, the less it says "
                "behind the point: it may be a microsecond off, and no more.")
    kept, all_ = happened.window(route) if route in happened.latencies else [], happened.latencies.get(route, [])
    if series.name == COUNT:
        if series.value == len(kept) != len(all_):
            return (f": so many requests were measured; {len(kept)} is only what the window keeps. _count must never fall or stand still, "
                    "as rates are made of its growth: total_count.")
        return ", the number of all requests that were measured: total_count."
    if series.name == SUM:
        if near(math.fsum(kept), series.value) and len(kept) != len(all_):
            return (": the seconds of all requests; this is the sum of those that the window keeps, which falls when a slow one leaves it. "
                    "Prometheus would take that for a restart: total_seconds.")
        return ", the seconds of all requests that were measured: total_seconds."
    if series.name == DURATION:
        p, n = QUANTILES.get(series.labels.get("quantile", ""), 0), len(kept)
        if not n:
            return ": there is nothing in the window. A percentile of nothing is left out, or NaN."
        at = next((index for index, sample in enumerate(sorted(kept), 1) if near(sample, series.value)), None)
        what = (f"that is the sample of rank {at}" if at else "that is the mean" if near(math.fsum(kept) / n, series.value)
                else "that is none of the samples in the window")
        return (f": of {n} samples in the window p{p} is that of rank {max(1, -(-p * n // 100))}; {what}. "
                "percentile() of app/metrics.py is right here, whatever yours does.")
    return ", from recorder.requests."


def _stranger(series: Series, happened: Happened) -> str:
    """Why a series shouldn't be there."""
    route = series.labels.get("route")
    if route in REPORTS:
        return ("Scrapes are not samples: whoever reads the reports is no client, and would make a quiet service look busy and quick. "
                "The routes /metrics and /metrics.json are left out, by whatever method they are asked, and whatever they answer.")
    if route is None:
        return ("It has no label `route`. Each route stands for itself: no percentile of all can be made of theirs, and their counts can be "
                "added up by whoever asks for them.")
    if route == "(unknown)" and route not in happened.latencies:
        return f"The scrapes were the only requests. {UNKNOWN}"
    if route not in happened.latencies:
        return "The recorder knows of no such route."
    if series.name == DURATION and series.labels.keys() == {"route", "quantile"} and series.labels["quantile"] not in QUANTILES:
        return (f"Of each route there are the quantiles {listed([*QUANTILES])}, spelled like that, and no others: each one more is one more series "
                "for every route, which Prometheus keeps in memory.")
    return "The recorder knows of no such series; there is one for each of its combinations, with these labels and no others."


def as_json(answer: httpx.Response) -> Any:
    """The body of /metrics.json, which has to be JSON by the book."""
    kind = answer.headers.get("content-type", "nothing")
    assert "application/json" == kind.partition(";")[0].strip(), f"/metrics.json came as {kind}, not as application/json."

    def constant(name: str) -> Any:
        raise Red(f"/metrics.json says {name}, which JSON doesn't know: {answer.text:.200}\nWhat isn't there is null, or left out.")

    try:
        return json.loads(answer.text, parse_constant=constant)
    except ValueError as error:
        raise Red(f"/metrics.json is no JSON ({error}): {answer.text:.200}") from None


def check_json(shown: Any, happened: Happened, after: str = "") -> None:
    """Compares /metrics.json with what has happened."""
    shape = 'It is an object: {"/users/{user_id}": {"p50": 0.02, "p95": 0.02, "p99": 1.0, "count": 100}, …}, in seconds.'
    assert isinstance(shown, dict), f"/metrics.json says {json.dumps(shown):.100}\n{shape}"
    for route, latencies in happened.latencies.items():
        said = shown.get(route)
        if said is None:
            assert not latencies, f"{after}/metrics.json says nothing of the route {json.dumps(route)}: {json.dumps(shown):.160}\n{shape}"
            continue
        expected: dict[str, float] = {f"p{p}": happened.percentile(route, p) for p in (50, 95, 99)} | {"count": happened.count(route)}
        assert isinstance(said, dict), f"{after}Of {json.dumps(route)} /metrics.json says {json.dumps(said):.100}\n{shape}"
        for name, value in expected.items():
            told = said.get(name)
            right = told is None if math.isnan(value) else isinstance(told, int | float) and not isinstance(told, bool) and near(value, told)
            said_so = f'/metrics.json says "{name}": {json.dumps(told)}'
            assert right or not math.isnan(value), f"{after}Nothing was measured of {json.dumps(route)}, and {said_so}\nExpected null."
            which = ", in seconds" if name != "count" else ": of all requests that were measured, errors included, not of those in the window"
            assert right, f"{after}Of {json.dumps(route)} {said_so}\nExpected {value!r}{which}.\n{shape}"
    for route in shown:
        scraped = " Scrapes are not samples." if route in REPORTS else f" {UNKNOWN}" if route == "(unknown)" else ""
        assert route in happened.latencies, (
            f"{after}/metrics.json says {json.dumps(shown[route]):.80} of {json.dumps(route)}, no route of the recorder's.{scraped}"
        )


def drawn_long(count: int) -> list[float]:
    """The same, but of many minutes: whatever was drawn, a number of less than ten digits is more than a microsecond off."""
    fraction = random.randrange(1000) / 1000 + 0.000445
    return [round(whole + fraction, 6) for whole in random.sample(range(1000, 2000), count)]


def drawn(count: int) -> list[float]:
    """Latencies that nobody can know beforehand, in no order, each far enough from the others."""
    base, step = random.uniform(0.001, 0.01), random.uniform(0.001, 0.02)
    values = [round(base + each * step, 6) for each in range(count)]
    random.shuffle(values)
    return values


# -- the tests


async def test_what_was_measured_is_shown(service: ServiceStarter) -> None:
    """GET /metrics is a text in Prometheus' format that shows how many requests there were, how long they took, and how many are in flight."""
    happened = await begin(service)
    await happened.tell(("GET", "/users/{user_id}", 200, drawn(100)), ("GET", "/users/{user_id}", 404, drawn(3)),
                        ("POST", "/predict", 200, drawn(20)), ("GET", "/predict", 405, [0.0]), ("GET", "/zero", 200, [0.0]),
                        ("GET", "/download", 200, drawn_long(7)), enter=3)

    check(await scrape(happened.api), happened)


async def test_json_for_a_person(service: ServiceStarter) -> None:
    """GET /metrics.json has p50, p95, p99 and count of each route."""
    happened = await begin(service)
    await happened.tell(("GET", "/users/{user_id}", 200, drawn(100)), ("POST", "/predict", 200, drawn(20)), ("GET", "/zero", 200, [0.0]),
                        ("GET", "/users/{user_id}", 404, drawn(3)), ("POST", "/predict", 503, drawn(2)), ("GET", "/fails", 500, drawn(2)),
                        ("GET", "/download", 200, drawn_long(7)))

    check_json(as_json(await get(happened.api, "/metrics.json")), happened)


async def test_any_number_of_samples(service: ServiceStarter) -> None:
    """For windows with one sample, with few, full ones and such as have overflowed: percentiles of what is kept, totals of all."""
    capacity = 24
    happened = await begin(service, capacity)
    await happened.tell(*(("GET", f"/samples/{count}", 200, drawn(count)) for count in (*range(1, capacity + 4), 60)))

    check(await scrape(happened.api), happened, f"The windows keep {capacity} samples. ")
    check_json(as_json(await get(happened.api, "/metrics.json")), happened, f"The windows keep {capacity} samples. ")


async def test_months_of_requests_are_shown(service: ServiceStarter) -> None:
    """After millions of requests the numbers still have all of their digits, and with many routes each has its own."""
    happened = await begin(service)
    await happened.tell(("GET", "/old", 200, latest := drawn(3)), *(("GET", f"/route/{number}/{{id}}", 200, drawn(1)) for number in range(200)))
    # In all so many seconds that a number of eight digits is as far off as it can be, whatever was drawn.
    await happened.tell_of_months("GET", "/old", 200, 12_345_678, 1_234_565.45 - math.fsum(latest))

    check(await scrape(happened.api), happened, "The service has run for months. ")
    check_json(as_json(await get(happened.api, "/metrics.json")), happened, "The service has run for months. ")


async def test_each_scrape_is_new(service: ServiceStarter) -> None:
    """Each scrape shows what is known by then, however often it is asked; reading changes nothing."""
    happened = await begin(service, 5)
    for enter, leave, count in ((2, 0, 3), (250, 1, 1), (0, 0, 0), (1, 252, 4), (0, 0, 2), (7, 0, 0), (0, 3, 0)):
        observe = [("GET", f"/route/{each}", 200, drawn(count)) for each in ("{one}", "{two}")] if count else []
        await happened.tell(*observe, enter=enter, leave=leave)
        news = "More has happened" if count else "Requests have come or gone, and none was measured" if enter or leave else "Nothing has happened"
        check(await scrape(happened.api), happened, f"{news} since the last scrape. ")
        check_json(as_json(await get(happened.api, "/metrics.json")), happened, "It was asked again. ")


async def test_nothing_measured_is_no_error(service: ServiceStarter) -> None:
    """Before the first request, and for a route in whose window there is nothing, both are answered, and no percentile is invented."""
    happened = await begin(service)
    why = "A service that was just started is scraped too, and a 500 says that it is down."

    await get(happened.api, "/metrics", why=why)
    check(await scrape(happened.api), happened, "Nothing was measured yet. ")
    check_json(as_json(await get(happened.api, "/metrics.json", why=why)), happened, "Nothing was measured yet. ")
    # The recorder makes a route's window when it is told of it, and the window refuses what is no latency.
    await happened.tell(("GET", "/refused", 200, [-1.0]), ("GET", "/one", 200, [0.25]))
    why = "The window of the route /refused is empty, as it has refused the only sample. percentile() of nothing is a ValueError."
    await get(happened.api, "/metrics", why=why)
    check(await scrape(happened.api), happened, "The window of /refused is empty. ")
    check_json(as_json(await get(happened.api, "/metrics.json", why=why)), happened, "The window of /refused is empty. ")


async def test_labels_are_escaped(service: ServiceStarter) -> None:
    """Whatever a route's template is, with quotes, backslashes, braces, line breaks and other alphabets: it is read back as it was."""
    happened = await begin(service)
    odd = ['/say "hello"', "/C:\\new", "/line\nbreak", "/größe/{µ}", "/a,b=c", "/#", "/{x}{y}", "/ends with\\", "(unknown)", "/s p ", '"', "/%41"]
    small = ["/" + "".join(signs) for length in (1, 2, 3) for signs in itertools.product('\\"\nn', repeat=length)]
    await happened.tell(*(("GET", route, 200, drawn(1)) for route in (*odd, *small)))

    check(await scrape(happened.api), happened)
    check_json(as_json(await get(happened.api, "/metrics.json")), happened)


async def test_scrapes_are_not_samples(service: ServiceStarter) -> None:
    """The requests to /metrics and /metrics.json are left out, and no others."""
    happened = await begin(service, app="observed")
    alike = ("/models/{name}/metrics", "/metrics/{name}", "/metrics.jsonl", "/metrics-of-yesterday", "/metrics.json/{day}", "/my/metrics.json",
             "/health", "/health/live", "/docs", "/")  # the last are asked by machines too, or by nobody in particular
    others = (("HEAD", 200), ("OPTIONS", 200), ("(other)", 405), ("GET", 307), ("GET", 499))
    await happened.tell(*(("GET", route, 200, drawn(2)) for route in alike),
                        *((method, "/users/{id}", status, drawn(1)) for method, status in others),
                        *((method, route, status, drawn(1)) for method, status in (("GET", 500), ("POST", 405), ("HEAD", 200)) for route in REPORTS))
    for path in ("/metrics", "/metrics.json", "/metrics", "/metrics.json"):
        await get(happened.api, path)
    await happened.tell()

    check(await scrape(happened.api), happened, "It was scraped before. ")
    check_json(as_json(await get(happened.api, "/metrics.json")), happened, "It was scraped before. ")


async def test_the_format_that_was_asked_for(service: ServiceStarter) -> None:
    """Who asks for the text format gets it; who would rather have OpenMetrics gets one of the two, and is told which; and only who can read it
    gets anything compressed.
    """
    happened = await begin(service)
    await happened.tell(("GET", "/users/{user_id}", 200, drawn(7)), ("POST", '/odd"\\', 500, drawn(1)))

    for path in ("/metrics", "/metrics.json"):
        encoding = (await get(happened.api, path, encoding="identity")).headers.get("content-encoding", "identity")
        assert encoding == "identity", (
            f"{path} was asked with Accept-Encoding: identity, and came with Content-Encoding: {encoding}. Who doesn't ask for it may not be able "
            "to read it, such as a person with curl."
        )
    check(await scrape(happened.api, ACCEPT_TEXT), happened)
    for path in ("/metrics", "/metrics.json"):
        request = happened.api.client.build_request("GET", path)
        del request.headers["accept"]  # as of many a client that takes whatever comes
        answer = await happened.api.client.send(request)
        await happened.api.expect(200, answer, why="It came with no Accept header, which none has to have.")
        kind = answer.headers.get("content-type", "nothing")
        assert kind.startswith(("text/plain", "application/json")), (
            f"{path} came as {kind!r}, though no Accept header had asked for it. Who says nothing gets the text format: text/plain; version=0.0.4."
        )
    answer = await get(happened.api, "/metrics", accept=ACCEPT)
    if "application/openmetrics-text" != answer.headers.get("content-type", "").partition(";")[0].strip():
        check(await scrape(happened.api, ACCEPT), happened)
        return
    try:
        families = list(openmetrics_families(answer.text))
    except Exception as error:
        raise Red(f"/metrics came as {answer.headers['content-type']}, and it can't be read as that: {type(error).__name__}: {error}") from None
    # There a counter's family is named without its ending.
    names = {DURATION: DURATION, TOTAL.removesuffix("_total"): TOTAL, IN_FLIGHT: IN_FLIGHT}
    shown = {}
    for each in families:
        if each.name in names:
            samples = [sample for sample in each.samples if not sample.name.endswith("_created")]
            series = [Series(sample.name, sample.labels, sample.value, 0, spelled(sample.name, sample.labels)) for sample in samples]
            shown[names[each.name]] = Family(names[each.name], each.type, series=series)
    check(shown, happened, "In OpenMetrics: ")


async def test_each_application_shows_its_own(service: ServiceStarter) -> None:
    """The recorder is that of the application that is asked: two of them in one process have each its own."""
    happened = await begin(service)
    await happened.tell(("GET", "/users/{user_id}", 200, drawn(3)), enter=2)
    idle = Happened(happened.api, happened.capacity)
    other = "Another application in the same process was asked, to which nothing has happened: request.app.state.recorder is its own. "

    for _ in range(2):
        check(await scrape(happened.api), happened)
        check(await scrape(happened.api, path="/other/metrics"), idle, other)
        check_json(as_json(await get(happened.api, "/metrics.json")), happened)
        check_json(as_json(await get(happened.api, "/other/metrics.json")), idle, other)
