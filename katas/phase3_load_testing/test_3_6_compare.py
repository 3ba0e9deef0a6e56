"""3.6 · Three fair runs, a table and a plot."""

import contextlib
import html
import json
import math
import re
from collections.abc import AsyncIterator, Callable
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import pytest_asyncio

from dojo import services
from dojo.evidence import Picture, raised
from dojo.kata import Functions, Inconclusive, Red, ServiceStarter, beside, exercise, keep_picture, listed, plural
from dojo.plugin import RUN
from dojo.reading import named_file
from dojo.workspace import SOLUTIONS
from katas.phase3_load_testing.pictures import Text, belong, parse, texts_in
from katas.phase3_load_testing.tables import Row, Table, read

pytestmark = exercise("3.6", edit="app/loadtest/compare.py")

#: What compare() is built of comes from solutions/, so that it alone is judged.
GIVEN = ("app/loadtest/run.py", "app/loadtest/analysis.py", "locustfile.py")
NAMES = {"sync": "SyncUser", "async": "AsyncUser", "broken": "BrokenUser"}
FIELDS = ("requests", "rps", "p50_s", "p95_s", "p99_s", "failure_rate")
HOST = "http://127.0.0.1:9"
#: Starting processes and drawing take long on a busy machine. In seconds; only ends a hang.
PATIENCE = 90.0
#: By how much a process may seem to begin before the last one ended: the system counts in hundredths of a second.
OVERLAP = 0.05

#: The live load: 80 users, 40 threads, 0.5 s. In theory: sync 80/s and 1 s, async 160/s and 0.5 s, broken 2/s.
USERS, SECONDS, INFERENCE = 80, 3.0, 0.5
#: What is added to the locustfile. Locust's `--run-time` is a timer of gevent's, which counts from when its loop last looked at the clock:
#: before the imports, which take seconds on a busy machine. Here the loop comes around once more before that timer is set.
ON_TIME = """

import gevent
from locust import events

events.init.add_listener(lambda **_: gevent.sleep(0))
"""


def tables(*figures: tuple[int, int, tuple[int, int, int] | None]) -> list[Table]:
    """The statistics of three runs of 18 seconds, from their requests, failures and times."""
    return [Table([Row(f"/predict/{name}", *each)] if each[0] else [], 18.0) for name, each in zip(NAMES, figures, strict=True)]


#: Figures that come out the same in any sensible format.
FIRST = tables((936, 234, (200, 400, 600)), (2268, 0, (100, 200, 300)), (54, 27, (1400, 4600, 5200)))
#: Nobody has had an answer from the broken one.
THEN = tables((846, 0, (300, 500, 700)), (2394, 0, (120, 140, 160)), (0, 0, None))


class Outcome:
    """What came of one call of compare(): its result, how Locust was started, and what it wrote."""

    def __init__(self, call: str, expected: list[Table], done: dict[str, Any], folder: Path | None) -> None:
        self.call = call
        self.expected = expected
        self.done = done
        self.runs: list[dict[str, Any]] = sorted(done["runs"], key=lambda run: run["begun"])
        self.texts = {}
        for file in sorted(folder.rglob("*")) if folder and folder.is_dir() else ():
            with contextlib.suppress(OSError):  # a folder, or a link that leads away
                self.texts[str(file.relative_to(folder or file))] = named_file(file).decode(errors="replace")

    @property
    def value(self) -> list[dict[str, Any]]:
        """The three summaries; raises `Red` for anything else."""
        if "raised" in self.done:
            raise Red(f"{self.call} raised {raised(self.done['raised'])}{self.moved}")
        value = self.done["value"]
        if isinstance(value, dict):
            raise Red(f"{self.call} returned {value['shown']}, a {value['type']}. It returns a list of three LoadSummary.")
        strange = next((each for each in value if "type" in each), None)
        if strange is not None:
            raise Red(f"{self.call} returned a list that holds {strange['shown']}, a {strange['type']}. It holds three LoadSummary.")
        return list(value)

    @property
    def moved(self) -> str:
        """The end of a message: where the call before had left the process, if that isn't where it had been."""
        where = self.done["moved"]
        return f"\nThe call before it had changed the current folder to {where} and left it at that: there is no locustfile.py." if where else ""

    def text(self, name: str) -> str:
        """What was written into a file."""
        self.value  # noqa: B018  # raises when there was none
        if name not in self.texts:
            raise Red(f"{self.call} returned, and in its folder there is no {name}. There is {listed(list(self.texts)) or 'nothing'}.")
        return self.texts[name]


class Compared:
    """The learner's compare() in a host, on what else it needs from solutions/."""

    def __init__(self, functions: Functions, folder: Path) -> None:
        self._functions = functions
        self._folder = folder
        self._count = 0

    async def __call__(self, call: str, arguments: list[Any], *, into: Path | None = None, plan: list[Table] | None = None,
                       error: dict[str, str] | None = None, late: str = "") -> Outcome:
        """What comes of one call; with a ``plan`` Locust only seems to run, and leaves these statistics.

        It can't start with a class that is in ``error``, and doesn't come to its end with the class ``late``.
        """
        self._count += 1
        fake = None
        if plan is not None:
            place = self._folder / f"plan-{self._count}"
            place.mkdir()
            planned: dict[str, Any] = {}
            for (name, user), table in zip(NAMES.items(), plan, strict=True):
                planned[user] = {"stats": str(table.write(place / f"{name}_stats.csv"))}
            for user, said in (error or {}).items():
                planned[user] = {"error": said}
            (place / "plan.json").write_text(json.dumps(planned), encoding="utf-8")
            source = Path(__file__).with_name("_fake_locust.py").read_text(encoding="utf-8")
            fake = {"source": source, "plan": str(place / "plan.json"), "log": str(place / "log"), "late": late}
        drawing = services.kept_folder("matplotlib")
        try:
            done = await self._functions.call(beside(__file__, "_compare_driver.py", "attempt"), arguments, str(into) if into else None,
                                              str(drawing), fake, patience=PATIENCE)
        except Red as red:
            raise Red(str(red).replace("attempt()", "compare()")) from None
        return Outcome(call, plan or [], done, into)


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def compared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Compared]:
    """The learner's compare()."""
    functions = in_a_host(request)
    yield Compared(functions, tmp_path_factory.mktemp("compared"))
    await functions.close()


def in_a_host(request: pytest.FixtureRequest) -> Functions:
    """The learner's compare.py among the files of solutions/."""
    launcher = request.config.stash[RUN].launcher
    given = {name: (SOLUTIONS / name).read_text(encoding="utf-8") + (ON_TIME if name == "locustfile.py" else "") for name in GIVEN}
    return Functions(launcher, {"do": "work", "root": str(launcher.root), "env": {}, "overlay": given}, "3.6")


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def outcomes(compared: Compared, tmp_path_factory: pytest.TempPathFactory) -> list[Outcome]:
    """Two calls after each other, with one folder that isn't there yet."""
    folder = tmp_path_factory.mktemp("reports") / "3" / "today"
    one = await compared(f'compare("{HOST}", 12, 6.5, folder)', [HOST, 12, 6.5], into=folder, plan=FIRST)
    if "raised" in one.done:
        return [one, one]
    return [one, await compared(f'compare("{HOST}/", 30, 2.0, folder)', [f"{HOST}/", 30, 2.0], into=folder, plan=THEN)]


def lines(summary: dict[str, Any]) -> str:
    """A summary, in short."""
    return ", ".join(f"{name}={value:.4g}" if isinstance(value, float) else f"{name}={value}" for name, value in summary.items())


def close(expected: float | None, value: Any) -> bool:
    """Whether a number is the expected one, but for rounding."""
    if expected is None or value is None:
        return expected is value
    return isinstance(value, int | float) and math.isclose(expected, value, rel_tol=0.01, abs_tol=1e-9)


def agrees(expected: dict[str, Any], summary: dict[str, Any]) -> bool:
    """Whether a summary says what it should."""
    return all(close(expected[name], summary.get(name)) for name in FIELDS)


# -- the runs


async def test_the_three_are_compared(outcomes: list[Outcome]) -> None:
    """It returns the summaries of the runs of SyncUser, AsyncUser and BrokenUser, in this order."""
    for outcome in outcomes:
        value, expected = outcome.value, [table.summary() for table in outcome.expected]
        assert 3 == len(value), f"{outcome.call} returned a list of {len(value)}: it holds one LoadSummary for each of the three."
        if all(map(agrees, expected, value)):
            continue
        rows = [Picture(f"    {name:<7} {lines(each)}") for name, each in zip(NAMES, expected, strict=True)]
        seen = [Picture(f"            {lines(each)}") for each in value]
        raise Red(f"Locust's figures for the three, cut off after four digits:\n{chr(10).join(rows)}\n{outcome.call} returned\n{chr(10).join(seen)}")


async def test_the_same_load_is_put_on_each(outcomes: list[Outcome]) -> None:
    """Each of the three gets the same number of users, who come all at once, for the same time: those that were asked for."""
    for outcome, (users, seconds) in zip(outcomes, ((12, 6.5), (30, 2.0)), strict=True):
        assert outcome.runs, f"{outcome.call} did not start Locust."
        for run in outcome.runs:
            told = f"{outcome.call} started Locust for {listed(run['classes']) or 'no class'}"
            assert (run["host"] or "").rstrip("/") == HOST, f"{told} with the host {run['host']}."
            assert run["users"] == users, (
                f"{told} with {run['users']:g} users: what a service does under one load says nothing of what it does under another."
            )
            assert run["seconds"] == math.ceil(seconds), (  # run() rounds up, as Locust knows whole seconds only
                f"{told} for {run['seconds']} s: the shorter a run is, the larger a part of it is its beginning, without any answers."
            )
            assert run["rate"] >= users, f"{told} with a spawn rate of {run['rate']:g}: of {users} users, the last come when the run is nearly over."


async def test_one_comes_after_the_other(outcomes: list[Outcome]) -> None:
    """The runs are three: first of sync, then of async, then of broken. Each begins when the one before has ended, and none is left running."""
    for outcome in outcomes:
        order = [", ".join(run["classes"]) or "no class" for run in outcome.runs]
        for before, after in pairwise(outcome.runs):
            assert after["begun"] >= before["ended"] - OVERLAP, (
                f"{outcome.call} had Locust load {listed(before['classes'])} and {listed(after['classes'])} at the same time: they share the "
                "service and the CPUs, and what is measured of one is made by the other."
            )
        assert order == list(NAMES.values()), (
            f"{outcome.call} had Locust load {listed(order)}, in this order. It is SyncUser, AsyncUser and BrokenUser, once each. The broken one "
            "comes last: it works on requests whose users have long gone, and what comes next waits for that."
        )
        assert not outcome.done["left"], f"{outcome.call} returned while {plural(outcome.done['left'], 'Locust')} of its own ran on."


# -- the table


def cells(line: str) -> list[str]:
    """The cells of a line of a Markdown table as they are read: without what makes them bold or code, and without what escapes a sign."""
    marked = [re.sub(r"[*`]|^_|_$", "", cell.strip()) for cell in line.strip().removeprefix("|").removesuffix("|").split("|")]
    return [html.unescape(re.sub(r"\\([^\w\s]|_)", r"\1", cell)).strip() for cell in marked]


def table_in(text: str) -> tuple[list[str], list[list[str]]]:
    """The head and the rows of the first table in a text; raises `Red` when there is none."""
    texts = text.splitlines()
    for place, (head, rule) in enumerate(pairwise(texts)):
        if "|" in head and re.fullmatch(r"\s*\|?(\s*:?-+:?\s*\|)+(\s*:?-+:?\s*)?", rule):
            rows = []
            for line in texts[place + 2:]:
                if "|" not in line:
                    break
                rows.append(cells(line))
            return cells(head), rows
    raise Red(f"comparison.md holds no Markdown table: a line of column names between |, a line of |---|, and the rows.\n{begins(text)}")


def begins(text: str) -> Picture:
    """How a text begins."""
    return Picture("\n".join(f"    {line[:70]}" for line in text.splitlines()[:8]) or "    (it is empty)")


#: How many of a unit make a second, or the whole.
UNITS = {"%": 100, "ms": 1e3, "µs": 1e6, "μs": 1e6, "us": 1e6}  # of the two letters that look alike, one is the sign for micro


def number(cell: str) -> float | None:
    """The number in a cell, in seconds and parts of 1; None when it holds none."""
    cell = re.sub(r"(?<=\d)['’\u2009\u202f\xa0](?=\d)", "", cell)  # 2'268, and the narrow spaces of print
    found = re.search(r"[-+]?(\d[\d,_ ]*\.?\d*|\.\d+)([eE][-+]?\d+)?", cell)
    if not found:
        return None
    value = float(re.sub(r"[,_ ]", "", found[0]))
    rest = cell[found.end():].strip()
    return value / next((parts for unit, parts in UNITS.items() if rest.startswith(unit)), 1)


def meaning(cell: str) -> str:
    """What a cell with a unit of its own says in that of its column."""
    value = number(cell)
    return f", which is {value:.4g}" if value is not None and any(unit in cell for unit in UNITS) else ""


def is_name(name: str, text: str) -> bool:
    """Whether a text names an endpoint; "async" does not name sync."""
    return re.search(rf"(?<![a-z]){name}(user)?(?![a-z])", text.lower()) is not None


async def test_the_table_says_what_was_measured(outcomes: list[Outcome]) -> None:
    """`comparison.md`, in a folder that is made for it, is a table: a column for each field of LoadSummary, and a row for each endpoint."""
    for outcome in outcomes:
        check_table(outcome)


def check_table(outcome: Outcome) -> None:
    """Checks comparison.md against the figures."""
    text = outcome.text("comparison.md")
    head, rows = table_in(text)
    columns = {name: place for place, cell in enumerate(head) for name in FIELDS if cell.lower() == name}
    missing = [name for name in FIELDS if name not in columns]
    assert not missing, f"The table in comparison.md has no column {listed(missing)}. Each field of LoadSummary has one, of its name.\n{begins(text)}"
    named = [next((name for name in NAMES if is_name(name, cell)), "") for row in rows for cell in row[:1]]
    assert named == list(NAMES), (
        f"The rows of comparison.md begin with {listed([repr(row[0]) for row in rows]) or 'nothing'}: they are those of sync, async and broken, "
        f"in this order, each with its name in the first column.\n{begins(text)}"
    )
    for name, row, table in zip(NAMES, rows, outcome.expected, strict=True):
        for field, expected in table.summary().items():
            cell = row[columns[field]] if columns[field] < len(row) else ""
            if expected is None:
                assert number(cell) is None, (
                    f"In comparison.md, `{field}` of {name} is \"{cell}\". It had no answers, so there is no time: a 0 would make it the quickest."
                    f"\n{begins(text)}"
                )
            else:
                assert close(expected, number(cell)), (
                    f"In comparison.md, `{field}` of {name} is \"{cell}\"{meaning(cell)}; measured was {expected:.4g}.\n{begins(text)}"
                )


# -- the plot


#: How an axis may say that it shows requests per second, whatever it calls them.
_ASKED = r"(?:req(?:uest)?s?\.?|predictions?|answers?|responses?|calls?)(?: (?:answered|served|handled|completed|processed|done|sent))?"
_SECOND = r"s(?:ec(?:ond)?s?)?(?![a-z])"
UNIT = re.compile(rf"(?i)(?<![a-z])(?:rps|hz(?![a-z]))|(?<![a-z])per *{_SECOND}|(?:{_ASKED}|throughput.*|1) */ *{_SECOND}"
                  rf"|{_ASKED} *(?:a|each|every) *{_SECOND}|s\^?\{{?[-−]1|s⁻¹")


SHAPES = ("path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "use")


async def test_the_plot_says_what_was_measured(outcomes: list[Outcome]) -> None:
    """`comparison.svg` is a plot of the throughput: with the endpoints' names, an axis that says what it shows, and the figures."""
    check_plot(outcomes[0])
    old = [table.summary()["rps"] for table in FIRST[:2]]
    numbers = numbers_of(texts_of(outcomes[1]))
    assert not set(old) <= set(numbers), (
        f"The second comparison.svg also shows {old[0]:g} and {old[1]:g}, the throughput of the comparison before: it was drawn over the "
        "old plot, or that was kept. pyplot goes on with its current figure until there is a new one."
    )
    check_plot(outcomes[1])


def drawn(outcome: Outcome) -> ElementTree.Element:
    """The picture that was written; raises `Red` when it can't be read."""
    svg = outcome.text("comparison.svg")
    try:
        return parse(svg)
    except ElementTree.ParseError as error:
        raise Red(f"comparison.svg can't be read: {error}\n{begins(svg)}") from None


def texts_of(outcome: Outcome) -> list[str]:
    """All texts of the picture that was written."""
    return [each.text for each in texts_in(drawn(outcome))]


def numbers_of(texts: list[str]) -> list[float]:
    """All numbers that stand in texts."""
    return [value for text in texts for each in re.findall(r"\d[\d,]*\.?\d*", text) if (value := number(each)) is not None]


def check_plot(outcome: Outcome) -> None:
    """Checks comparison.svg against the figures."""
    root = drawn(outcome)
    placed = texts_in(root)
    texts = [each.text for each in placed]
    assert str(root.tag).rpartition("}")[2] == "svg", f"comparison.svg is XML, and no SVG: its outermost element is <{root.tag}>."
    shapes = sum(shapes_of(each) for each in root.iter())
    assert shapes >= 3, f"comparison.svg holds {plural(shapes, 'shape')}: nothing is drawn for three endpoints."
    told = f"Its texts: {', '.join(texts)[:300] or 'none'}"
    for name in NAMES:
        assert any(is_name(name, text) for text in texts), f"In comparison.svg nothing says which is {name}. {told}"
    assert any(UNIT.search(text) for text in texts), (
        f"In comparison.svg no axis says what it shows: throughput, in requests per second. {told}"
    )
    numbers = numbers_of(texts)
    for name, table in zip(NAMES, outcome.expected, strict=True):
        rps = table.summary()["rps"]
        assert any(close(rps, value) for value in numbers), (
            f"In comparison.svg the throughput of {name}, {rps:.4g}, is written nowhere. A bar of 3 beside one of 126 can't be read off. {told}"
        )
    check_places(outcome, placed, told)


def shapes_of(element: ElementTree.Element) -> int:
    """How many shapes an element draws: a path one at each place to which it lifts its pen, a line of several points one for each of them."""
    kind = str(element.tag).rpartition("}")[2]
    if kind == "path":
        return max(1, len(re.findall(r"[Mm]", element.get("d", ""))))
    if kind in ("polyline", "polygon"):
        return max(1, len(re.findall(r"[-+\d.]+(?:[eE][-+]?\d+)?", element.get("points", ""))) // 2)
    return int(kind in SHAPES)


def check_places(outcome: Outcome, texts: list[Text], told: str) -> None:
    """Checks that each figure stands at its own name, and not at another one."""
    rates = {name: table.summary()["rps"] for name, table in zip(NAMES, outcome.expected, strict=True)}
    # A title that has all three says of none where it belongs.
    of_one = [each for each in texts if not all(is_name(name, each.text) for name in NAMES)]
    names = {name: [each for each in of_one if is_name(name, each.text)] for name in NAMES}
    of_one = [each for each in texts if not all(holds(rps, each) for rps in rates.values())]
    figures = {name: [each for each in of_one if holds(rps, each)] for name, rps in rates.items()}
    for name in NAMES:
        assert names[name], f"In comparison.svg {name} is only named in one text with the others, and not at its place. {told}"
        assert figures[name], (
            f"In comparison.svg the throughput of {name}, {rates[name]:.4g}, only stands in one text with the others, and not at its place. {told}"
        )
    assert belong([*names.values()], [*figures.values()]), (
        f"In comparison.svg the figures do not stand where their names do: {listed([f'{rps:.4g}' for rps in rates.values()])} are the throughput "
        f"of {listed([*NAMES])}, in this order. {told}"
    )


def holds(rps: float, text: Text) -> bool:
    """Whether a text says so many requests per second."""
    return any(close(rps, value) for value in numbers_of([text.text]))


# -- what else is asked


async def test_without_a_folder_nothing_is_written(compared: Compared) -> None:
    """Without `folder`, and without `users` and `seconds`, three runs of the same load are compared, and no file is written."""
    outcome = await compared(f'compare("{HOST}")', [HOST], plan=THEN)

    assert all(map(agrees, [table.summary() for table in THEN], outcome.value)), f"{outcome.call} returned other figures than Locust's."
    loads = {(run["users"], run["seconds"]) for run in outcome.runs}
    assert len(loads) == 1, f"{outcome.call} put different loads on the three: {listed([f'{u:g} users for {s} s' for u, s in sorted(loads)])}."
    assert not outcome.done["written"], f"{outcome.call} wrote {listed(outcome.done['written'][:3])}, and nobody had named a folder."


async def test_a_run_that_fails_is_no_result(compared: Compared, outcomes: list[Outcome], tmp_path: Path) -> None:
    """When Locust can't make one of the runs, what `run()` raises is raised, also when it could make them before."""
    said = {"AsyncUser": "Unknown User(s): AsyncUser"}

    # As in the first of the calls that went well: who keeps the figures of that one has them for this one, too.
    outcome = await compared(f'compare("{HOST}", 12, 6.5, folder)', [HOST, 12, 6.5], into=tmp_path / "report", plan=FIRST, error=said)

    if "raised" not in outcome.done:
        raise Red(f"Locust could not load AsyncUser, and {outcome.call} returned {len(outcome.value)} summaries. What was not measured has no "
                  "figures." + ("" if outcome.runs else f" Locust wasn't started for them: they are those of {outcomes[0].call} before, kept."))
    assert "RuntimeError" in outcome.done["kinds"], (
        f"Locust could not load AsyncUser: run() raised a RuntimeError that says so, and {outcome.call} raised {raised(outcome.done['raised'])}"
    )
    assert said["AsyncUser"] in outcome.done["told"], (
        f"Locust could not load AsyncUser, and run() raised a RuntimeError that says so:\n    {said['AsyncUser']}\n{outcome.call} raised "
        f"{raised(outcome.done['raised'])}\nWhat Locust said is lost, and who reads the error needs that."
    )


async def test_a_run_that_does_not_end_is_no_result(compared: Compared, tmp_path: Path) -> None:
    """When Locust doesn't come to its end, the `TimeoutError` of `run()` is raised."""
    outcome = await compared(f'compare("{HOST}", 12, 7.0, folder)', [HOST, 12, 7.0], into=tmp_path / "report", plan=FIRST, late="BrokenUser")

    if "raised" not in outcome.done:
        raise Red(f"Locust did not end with BrokenUser, and {outcome.call} returned {len(outcome.value)} summaries. That run has no figures: who "
                  "was sent what, and answered when, nobody knows.")
    assert "TimeoutError" in outcome.done["kinds"], (
        f"Locust did not end with BrokenUser: run() raised a TimeoutError, and {outcome.call} raised {raised(outcome.done['raised'])}"
    )


# -- live


@pytest.mark.live
@pytest.mark.timeout(240)
async def test_a_real_service_is_compared(request: pytest.FixtureRequest, service: ServiceStarter, tmp_path: Path,
                                          note: Callable[[str], None]) -> None:
    """On the three endpoints of a real service, under real Locust, it returns and writes what Locust measured."""
    api = await service(inference_seconds=INFERENCE, options={"workspace": SOLUTIONS, "probe": False})
    host = str(api.client.base_url).rstrip("/")
    functions = in_a_host(request)
    try:
        outcome = await Compared(functions, tmp_path)(f"compare(host, {USERS}, {SECONDS}, folder)", [host, USERS, SECONDS], into=tmp_path / "report")
    finally:
        await functions.close()

    value = outcome.value
    assert 3 == len(value), f"{outcome.call} returned a list of {len(value)}."
    if len(outcome.done["paths"]) == 3:
        expected = [read(Path(path)) for path in outcome.done["paths"]]
        for name, said, each in zip(NAMES, expected, value, strict=True):
            assert agrees(said, each), f"Of {name}, Locust measured\n    {lines(said)}\n{outcome.call} returned\n    {lines(each)}"
    for name in ("comparison.md", "comparison.svg"):
        outcome.text(name)
    sync, async_, broken = value
    told = "; ".join(f"{name} {each['rps']:.0f}/s, p50 {each['p50_s'] or math.nan:.2g} s" for name, each in zip(NAMES, value, strict=True))
    for reason in unlike(sync, async_, broken):
        # That these are Locust's own figures is proven: what is wrong with them is the machine's.
        raise Inconclusive(f"the machine is too busy for three comparable runs: {reason} ({told})")
    note(told)
    rows = [{"name": name, **{field: each[field] for field in FIELDS}} for name, each in zip(NAMES, value, strict=True)]
    keep_picture("comparison", f"The same load on each: {USERS} users without a pause", rows=rows)


def unlike(sync: dict[str, Any], async_: dict[str, Any], broken: dict[str, Any]) -> list[str]:
    """What of three summaries is not as it is of this service on a machine that has time for it."""
    reasons = []
    if not sync["requests"] or not async_["requests"] or sync["p50_s"] <= 1.5 * async_["p50_s"]:
        reasons.append("sync did not take half as long again as async")
    if sync["rps"] <= 10 * broken["rps"]:
        reasons.append("sync did not come to ten times the throughput of broken")
    return reasons
