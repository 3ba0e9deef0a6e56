"""What the katas of phase 3 are made of: statistics as Locust writes them, and a service that can do as much as it says."""

import asyncio
import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

from katas.phase3_load_testing.capacity import Capacity
from katas.phase3_load_testing.tables import COLUMNS, Row, Table, read

#: Locust's own writer of statistics, given requests: their method, name, milliseconds and whether they failed.
WRITER = """
import csv, json, sys
from locust.env import Environment
from locust.stats import PERCENTILES_TO_REPORT, StatsCSV
environment = Environment()
for method, name, milliseconds, failed in json.loads(sys.argv[2]):
    environment.stats.log_request(method, name, milliseconds, 43)
    if failed:
        environment.stats.log_error(method, name, "no")
with open(sys.argv[1], "w", newline="") as file:
    StatsCSV(environment, PERCENTILES_TO_REPORT).requests_csv(csv.writer(file))
"""


def written(path: Path, requests: list[tuple[str, str, float, bool]]) -> list[dict[str, str]]:
    """The rows that Locust writes."""
    subprocess.run([sys.executable, "-c", WRITER, str(path), json.dumps(requests)], check=True, timeout=60)
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_table_is_like_locusts(tmp_path: Path) -> None:
    """The files that 3.4 makes have the columns, the order of rows, and the kinds of cells that Locust's own have."""
    theirs = written(tmp_path / "theirs.csv", [("POST", "/b", 40.0, False), ("GET", "Aggregated", 0.2, True), ("POST", "/a", 1234.5, False)])
    Table([Row("/b", 1, 0, (40, 40, 40)), Row("Aggregated", 1, 1, (0, 0, 0), "GET"), Row("/a", 1, 0, (1200, 1200, 1200))], 1.0,
          (40, 1200, 1200)).write(tmp_path / "ours.csv")
    with (tmp_path / "ours.csv").open(newline="", encoding="utf-8") as file:
        ours = list(csv.DictReader(file))

    assert list(COLUMNS) == list(theirs[0])
    for name in ("Type", "Name", "Request Count", "Failure Count", "50%", "95%", "99%"):
        assert [row[name] for row in ours] == [row[name] for row in theirs], name


def test_an_empty_table_is_like_locusts(tmp_path: Path) -> None:
    """Without requests, Locust writes a row of all of them with N/A for each percentile, and so does 3.4."""
    theirs, = written(tmp_path / "theirs.csv", [])
    ours = read(Table([], 4.0).write(tmp_path / "ours.csv"))

    assert read(tmp_path / "theirs.csv") == ours
    assert {"N/A"} == {theirs[name] for name in COLUMNS[11:]}


async def test_the_capacity_is_what_it_says() -> None:
    """Whatever comes, 8 requests are done every 50 ms and no more; a single one takes 50 ms."""
    service = Capacity()

    done = [service.take(100.0) for _ in range(24)] + [service.take(200.0)]

    assert [pytest.approx(100.05)] * 8 + [pytest.approx(100.1)] * 8 + [pytest.approx(100.15)] * 8 + [pytest.approx(200.05)] == done
    assert 160 == service.rps


async def test_the_service_answers_and_notes() -> None:
    """It answers each request on its connection, and notes when it came and when it was answered."""
    service = await Capacity(seconds=0.01).start()
    reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
    try:
        for body in (b"{}", b""):
            writer.write(b"POST /predict/async HTTP/1.1\r\nhost: here\r\nContent-Length: %d\r\n\r\n" % len(body))
            writer.write(body)
            head = await reader.readuntil(b"\r\n\r\n")
            answer = json.loads(await reader.readexactly(int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])))
            assert {"prediction", "model_version"} == set(answer)
    finally:
        writer.close()
        await service.stop()

    assert [0, 0] == [asked.connection for asked in service.asked]
    assert all(asked.answered is not None and asked.answered - asked.came >= 0.0099 for asked in service.asked)
