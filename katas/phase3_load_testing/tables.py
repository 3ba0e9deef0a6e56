"""Files such as Locust writes them: the statistics of runs that never were, with all that can stand in them."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PERCENTILES = ("50%", "66%", "75%", "80%", "90%", "95%", "98%", "99%", "99.9%", "99.99%", "100%")
COLUMNS = ("Type", "Name", "Request Count", "Failure Count", "Median Response Time", "Average Response Time", "Min Response Time",
           "Max Response Time", "Average Content Size", "Requests/s", "Failures/s", *PERCENTILES)


@dataclass(frozen=True)
class Row:
    """One row; times are in milliseconds. ``method`` is empty for the row of all requests.

    ``times`` are the percentiles 50, 95 and 99; the others lie between them, and None stands for N/A in all of them.
    """

    name: str
    requests: int
    failures: int
    times: tuple[int, int, int] | None
    method: str = "POST"

    def cells(self, seconds: float) -> dict[str, Any]:
        """Its cells by their columns, for a run of so many ``seconds``."""
        p50, p95, p99 = self.times or (0, 0, 0)
        between = (p50, p50 + (p95 - p50) // 4, p50 + (p95 - p50) // 3, p50 + (p95 - p50) // 2, p95 - (p95 - p50) // 5, p95,
                   (p95 + p99) // 2, p99, p99 + p99 // 3, p99 + p99 // 2, p99 + p99 // 2)
        median = max(p50 - 1, 0)  # in Locust's files it often isn't "50%" either, as it is computed in another way
        return {
            "Type": self.method, "Name": self.name, "Request Count": self.requests, "Failure Count": self.failures,
            "Median Response Time": median, "Average Response Time": (p50 + p95) / 2 + 0.123, "Min Response Time": p50 / 3,
            "Max Response Time": p99 * 1.5 + 0.4, "Average Content Size": 43.0,
            "Requests/s": self.requests / seconds, "Failures/s": self.failures / seconds,
            **(dict(zip(PERCENTILES, between, strict=True)) if self.times else dict.fromkeys(PERCENTILES, "N/A")),
        }


@dataclass(frozen=True)
class Table:
    """The statistics of a run of ``seconds``: the rows of the requests, sorted as Locust does, and the one of all together."""

    rows: Sequence[Row]
    seconds: float
    times: tuple[int, int, int] | None = None
    total: bool = True

    @property
    def all(self) -> Row:
        """The row of all requests."""
        times = self.times or (self.rows[0].times if self.rows else None)
        return Row("Aggregated", sum(row.requests for row in self.rows), sum(row.failures for row in self.rows), times, "")

    def summary(self) -> dict[str, Any]:
        """What summarize() has to say."""
        total = self.all
        p50, p95, p99 = (each / 1000 for each in total.times) if total.times else (None, None, None)
        return {"requests": total.requests, "rps": total.requests / self.seconds, "p50_s": p50, "p95_s": p95, "p99_s": p99,
                "failure_rate": total.failures / total.requests if total.requests else 0.0}

    def write(self, path: Path, columns: Sequence[str] = COLUMNS, more: dict[str, Any] | None = None) -> Path:
        """Writes the file, with the cells of ``more`` in each row."""
        rows = [*sorted(self.rows, key=lambda row: (row.name, row.method)), *([self.all] if self.total else [])]
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(columns)
            for row in rows:
                cells = {**row.cells(self.seconds), **(more or {})}
                writer.writerow([cells[column] for column in columns])
        return path


def read(path: Path) -> dict[str, Any]:
    """The summary of a file that Locust wrote."""
    with path.open(newline="", encoding="utf-8") as file:
        total = next(row for row in csv.DictReader(file) if not row["Type"] and row["Name"] == "Aggregated")
    requests = int(total["Request Count"])
    times = [None if total[column] == "N/A" else float(total[column]) / 1000 for column in ("50%", "95%", "99%")]
    return {"requests": requests, "rps": float(total["Requests/s"]), "p50_s": times[0], "p95_s": times[1], "p99_s": times[2],
            "failure_rate": int(total["Failure Count"]) / requests if requests else 0.0}
