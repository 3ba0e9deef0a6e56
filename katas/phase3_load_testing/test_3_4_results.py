"""3.4 · The figures of a run, from the files that Locust writes."""

import csv
import importlib.metadata
import io
import math
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from dojo.evidence import Picture, raised
from dojo.kata import Answer, Call, Functions, Load, Red, Upstream, beside, exercise
from dojo.reading import named_file
from katas.phase3_load_testing.tables import COLUMNS, Row, Table, read

pytestmark = exercise("3.4", edit="app/loadtest/analysis.py")

DRIVER = beside(__file__, "_analysis_driver.py", "summaries")
FIELDS = ("requests", "rps", "p50_s", "p95_s", "p99_s", "failure_rate")
#: How far a number may be from the expected one, as a part of it.
TOLERANCE = 1e-6

#: A run of one endpoint, and one of three with very different times.
ONE = Table([Row("/predict", 1840, 23, (37, 112, 486))], 9.2)
SEVERAL = Table([Row("/predict/sync", 900, 0, (210, 420, 640)), Row("/predict/async", 2300, 46, (52, 97, 180)),
                 Row("/users/[user_id]", 300, 3, (8, 950, 2100), "GET")], 17.5, (61, 410, 1300))


async def summaries(learner: Functions, *files: Path) -> list[dict[str, Any]]:
    """What the learner's summarize() says of each file."""
    try:
        done: list[dict[str, Any]] = await learner.call(DRIVER, [str(file) for file in files])
    except Red as red:
        raise Red(str(red).replace("summaries() raised an exception", "app/loadtest/analysis.py could not be used")
                  .replace("summaries()", "summarize()")) from None
    return done


def shown(result: dict[str, Any]) -> str:
    """The end of a sentence: what came back."""
    if "raised" in result:
        return f"raised {raised(result['raised'])}"
    value = result["value"]
    if "type" in value:
        return f"returned {value['shown']}, which is no LoadSummary"
    return "returned\n" + lines(value)


def lines(summary: dict[str, Any]) -> str:
    """A summary, in two lines."""
    texts = [f"{name}={value:.6g}" if isinstance(value, float) else f"{name}={value!r}" for name, value in summary.items()]
    return f"    LoadSummary({', '.join(texts[:3])},\n                {', '.join(texts[3:])})"


def same(expected: float | None, value: Any) -> bool:
    """Whether a field holds what it should."""
    if expected is None or value is None:
        return expected is value
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isclose(expected, value, rel_tol=TOLERANCE, abs_tol=1e-12)


def check(table: Table, result: dict[str, Any], told: str) -> None:
    """Checks a result against the table that the file was written from."""
    expected = table.summary()
    if "raised" in result or "type" in result["value"]:
        raise Red(f"{told}: summarize() {shown(result)}\nExpected\n{lines(expected)}")
    wrong = next((name for name in FIELDS if not same(expected[name], result["value"].get(name))), None)
    if wrong is not None:
        because = why(table, wrong, result["value"].get(wrong))
        raise Red(f"{told}: `{wrong}` is not right. summarize() {shown(result)}\nExpected\n{lines(expected)}\n{because}")


def why(table: Table, field: str, value: Any) -> str:
    """What a wrong number may have come from, and why that matters."""
    total, expected = table.all, table.summary()[field]
    if not isinstance(value, int | float) or expected is None:
        if field == "failure_rate":
            return "Without a request none has failed: the rate is 0."
        if expected is None:
            return "N/A is no time: a 0 would say that the service had answered at once. It is None."
        return "It is to be a number."
    if field == "requests":
        if value == 2 * expected:
            return "That is twice as many: the row of all requests was counted beside those that it is the sum of."
        if value == expected - total.failures:
            return "A request that failed was a request all the same; the service had to work for it."
        return "It is the number of all requests, which the file's last row has."
    if field == "failure_rate":
        if total.requests > total.failures and same(total.failures / (total.requests - total.failures), value):
            return "Failed requests are missing below the fraction bar: of 10 requests of which 5 failed, half have failed, not all."
        if same(100 * expected, value):
            return "It is a part of the whole, from 0 to 1, and no percentage."
        return f"{total.failures} of {total.requests} requests failed."
    if field == "rps":
        return "Requests per second of all requests: `Requests/s` in the row of all."
    if same(1000 * expected, value):
        return "Locust's times are milliseconds; here they are seconds, as everywhere in this service."
    column = {"p50_s": "50%", "p95_s": "95%", "p99_s": "99%"}[field]
    place = ("p50_s", "p95_s", "p99_s").index(field)
    times = [(row.requests, row.times[place] / 1000) for row in table.rows if row.times]
    if len(times) > 1 and any(same(mean, value) for mean in (sum(t for _, t in times) / len(times),
                                                             sum(n * t for n, t in times) / sum(n for n, _ in times))):
        return "That is the mean of the endpoints' percentiles, which is the percentile of nothing. (The chapter of phase 2 shows why.)"
    return f"It is the column `{column}` of the row of all requests, in seconds."


async def test_the_figures_of_a_run(learner: Functions, tmp_path: Path) -> None:
    """Of a run of one endpoint, all figures are those of the file; times are in seconds."""
    result, = await summaries(learner, ONE.write(tmp_path / "load_stats.csv"))

    check(ONE, result, "A run of one endpoint")


async def test_several_endpoints_are_one_run(learner: Functions, tmp_path: Path) -> None:
    """Of several endpoints, the figures are those of all requests together, each of them counted once."""
    result, = await summaries(learner, SEVERAL.write(tmp_path / "load_stats.csv"))

    check(SEVERAL, result, "A run of three endpoints")


async def test_a_file_is_read_each_time(learner: Functions, tmp_path: Path) -> None:
    """When another run has been written into a file, the figures are those of the other run."""
    before, = await summaries(learner, ONE.write(tmp_path / "load_stats.csv"))
    result, = await summaries(learner, SEVERAL.write(tmp_path / "load_stats.csv"))

    if "raised" not in result and result == before:
        raise Red("summarize() was called twice for one path, and another run had been written there between the calls. The second time it "
                  f"{shown(result)}\nas the first time. Expected\n{lines(SEVERAL.summary())}\n"
                  "Locust writes its files again and again: what they hold is read each time.")
    check(SEVERAL, result, "A run in a file that held another one before")


async def test_failed_requests_are_requests(learner: Functions, tmp_path: Path) -> None:
    """The failure rate is the part of all requests that failed, whether that is half of them or all."""
    tables = [Table([Row("/predict", 10, failures, (40, 80, 90))], 2.0) for failures in (0, 1, 5, 10)]
    files = [table.write(tmp_path / f"{number}_stats.csv") for number, table in enumerate(tables)]

    for table, result in zip(tables, await summaries(learner, *files), strict=True):
        check(table, result, f"A run of 10 requests of which {table.all.failures} failed")


async def test_a_run_without_requests_has_no_times(learner: Functions, tmp_path: Path) -> None:
    """When no request was answered in time, there are no percentiles (None), and a rate and a failure rate of 0."""
    table = Table([], 4.0)

    result, = await summaries(learner, table.write(tmp_path / "load_stats.csv"))

    check(table, result, "A run without any request")


async def test_a_time_of_zero_is_a_time(learner: Functions, tmp_path: Path) -> None:
    """Locust rounds to milliseconds, so that a quick service has a time of 0, which isn't None."""
    table = Table([Row("/health", 4000, 0, (0, 0, 1), "GET")], 8.0)

    result, = await summaries(learner, table.write(tmp_path / "load_stats.csv"))

    check(table, result, "A run whose percentiles are 0, 0 and 1 ms")


async def test_a_request_may_be_called_aggregated(learner: Functions, tmp_path: Path) -> None:
    """A request that somebody named "Aggregated" is a request; the row of all requests is the one that has no type."""
    table = Table([Row("/predict", 700, 7, (50, 60, 70)), Row("Aggregated", 300, 30, (500, 900, 990), "GET")], 5.0, (60, 800, 950))

    result, = await summaries(learner, table.write(tmp_path / "load_stats.csv"))

    check(table, result, "A run in which a request is called Aggregated (GET)")


async def test_names_may_hold_anything(learner: Functions, tmp_path: Path) -> None:
    """Names hold commas, quotation marks, line breaks, and whatever else somebody writes."""
    names = ("/search?q=a,b,c", 'the "slow" one, with commas', "two\nlines", "one line\n,Aggregated,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1",
             "größer, 日本語", ",", "\n", "'", "N/A")
    tables = [Table([Row(name, 100 + number, number, (20 + number, 90, 200)), Row("zz", 50, 1, (2000, 3000, 4000), "GET")], 3.0, (30, 2500, 3500))
              for number, name in enumerate(names)]
    files = [table.write(tmp_path / f"{number}_stats.csv") for number, table in enumerate(tables)]

    for table, result in zip(tables, await summaries(learner, *files), strict=True):
        check(table, result, f"A run with a request of the name {table.rows[0].name[:40]!r}")


async def test_columns_are_found_by_their_names(learner: Functions, tmp_path: Path) -> None:
    """Other versions of Locust have more columns, or have them in another order."""
    more = {"Users": 8, "90.5%": 77, "Note": "a, b"}
    between = (*COLUMNS[:1], "Note", *COLUMNS[1:9], "Users", *COLUMNS[9:15], "90.5%", *COLUMNS[15:])
    orders = {"in reverse": COLUMNS[::-1], "with more of them between": between,
              "without those that nobody needs": ("Type", "Name", "Request Count", "Failure Count", "Requests/s", "Failures/s", "50%", "95%", "99%")}
    files = [SEVERAL.write(tmp_path / f"{number}_stats.csv", order, more) for number, order in enumerate(orders.values())]

    for told, result in zip(orders, await summaries(learner, *files), strict=True):
        check(SEVERAL, result, f"A file with the columns {told}")


def head(file: Path) -> str:
    """How a file begins."""
    text = named_file(file).decode(errors="replace")
    return f"    {text.splitlines()[0][:70]}" if text else "    (it is empty)"


def is_value_error(result: dict[str, Any], file: Path, told: str, because: str) -> None:
    """Checks that a file was refused."""
    assert "ValueError" in result.get("kinds", ()), (
        f"{told}, which begins with\n{head(file)}\nsummarize() {shown(result)}\nExpected a ValueError: {because}"
    )


async def test_another_file_is_an_error(learner: Functions, tmp_path: Path) -> None:
    """A file that isn't the statistics of a run is a ValueError: an empty one, any other text, Locust's other files."""
    texts = {
        "An empty file": "",
        "A text": "All went well.\nNothing failed.\n",
        "Locust's file of failures": "Method,Name,Error,Occurrences,First Seen,Last Seen\r\nPOST,/predict,status 503,7,,\r\n",
        "Locust's history": "Timestamp,User Count,Type,Name,Requests/s,Failures/s,50%,95%,99%,Total Request Count,Total Failure Count\r\n"
                            "1700000000,8,,Aggregated,10.0,0.0,40,80,90,100,3\r\n",
        "A table of something else": "day,count\n2026-01-01,7\nAggregated,9\n",
        "A page of HTML": "<html><body>Not found</body></html>",
    }
    files = {}
    for number, (told, text) in enumerate(texts.items()):
        for name in (f"{number}.csv", f"{number}_stats.csv"):  # what a file holds says what it is, and not how it is called
            files[tmp_path / name] = f"{told} of the name {name}"
            (tmp_path / name).write_text(text, encoding="utf-8")

    for (file, told), result in zip(files.items(), await summaries(learner, *files), strict=True):
        is_value_error(result, file, told, "zeros, or a KeyError, would tell whoever gave the wrong path nothing of it.")


async def test_statistics_without_their_last_row_are_an_error(learner: Functions, tmp_path: Path) -> None:
    """Statistics that lack the row of all requests, as those of a Locust that was killed, are a ValueError."""
    rows = SEVERAL.rows
    tables = {"Statistics that have a head and no rows": Table([], 5.0, total=False),
              "Statistics without the row of all requests": Table(rows, 5.0, total=False),
              "The same of one endpoint": Table(rows[:1], 5.0, total=False),
              "The same, whose last request is called Aggregated": Table([*rows[:1], Row("Aggregated", 30, 3, (5, 9, 9), "GET")], 5.0, total=False)}
    # "/predict" sorts before "Aggregated" and so do all of these names: it is the last row.
    files = [table.write(tmp_path / f"{number}_stats.csv") for number, table in enumerate(tables.values())]

    for told, file, result in zip(tables, files, await summaries(learner, *files), strict=True):
        is_value_error(result, file, told, "the percentiles of all requests can't be had from those of its parts, and a part is not the whole.")


async def test_no_file_is_an_error(learner: Functions, tmp_path: Path) -> None:
    """A path at which there is nothing is the FileNotFoundError that opening it raises."""
    result, = await summaries(learner, tmp_path / "nothing_stats.csv")

    assert "FileNotFoundError" in result.get("kinds", ()), (
        f"At this path there is no file. summarize() {shown(result)}\nExpected a FileNotFoundError, as open() raises it by itself."
    )


@pytest.mark.live
async def test_what_locust_wrote_is_read(learner: Functions, load: Load, upstream: Callable[..., Awaitable[Upstream]], tmp_path: Path,
                                         note: Callable[[str], None]) -> None:
    """Of a run that Locust has just made, the figures are those of its file, and its other files are refused."""
    def answer(call: Call) -> Answer:
        return Answer(500 if "/fails" in call.text else 200, json={}, delay=0.06 if "/slow" in call.text else 0.0)

    service = await upstream("the service", answer)
    # Locust writes at once and then every second: what comes in the second second is read in the file.
    await load.run("NamedUser", host=service.url, count=3, seconds=2, locustfile=beside(__file__, "_named_users.py", "")[:-1],
                   arguments=("--csv", str(tmp_path / "load")))
    statistics = tmp_path / "load_stats.csv"
    others = [tmp_path / f"load_{name}.csv" for name in ("failures", "exceptions", "stats_history")]
    result, *refused = await summaries(learner, statistics, *others)

    expected = read(statistics)
    if "raised" in result or any(not same(expected[name], result["value"].get(name)) for name in FIELDS):
        raise Red(f"Of a file that Locust {importlib.metadata.version('locust')} has just written, summarize() {shown(result)}\n"
                  f"Expected\n{lines(expected)}\n{picture(statistics)}")
    for file, answer in zip(others, refused, strict=True):
        is_value_error(answer, file, f"Locust's own {file.name}", "it lies beside the statistics, and is easily taken for them.")
    note(f"Locust: {expected['requests']} requests, {expected['rps']:.0f}/s, {expected['failure_rate']:.0%} failed")


def picture(statistics: Path) -> Picture:
    """The first columns of a file of Locust's."""
    rows = [row[:4] for row in csv.reader(io.StringIO(named_file(statistics).decode(errors="replace"), newline=""))]
    return Picture("\n".join(f"    {','.join(map(repr, row))[:70]}" for row in rows))
