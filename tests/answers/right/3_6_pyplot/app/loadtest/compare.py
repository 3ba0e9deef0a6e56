# Right answer to 3.6: pyplot as its tutorial has it, letters drawn as shapes, a second plot beside the first; a table with more columns.

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt
from pathlib import Path

from app.loadtest.analysis import LoadSummary, summarize
from app.loadtest.run import run

COLUMNS = ["requests", "rps", "p50_s", "p95_s", "p99_s", "failure_rate"]


def compare(host: str, users: int = 50, seconds: float = 10, folder: Path | None = None) -> list[LoadSummary]:
    sync = summarize(run(host, "SyncUser", users, users * 2, seconds))
    async_ = summarize(run(host, "AsyncUser", users, users * 2, seconds))
    broken = summarize(run(host, "BrokenUser", users, users * 2, seconds))
    all_three = [sync, async_, broken]
    if folder is None:
        return all_three
    folder.mkdir(exist_ok=True, parents=True)
    labels = ["sync", "async", "broken"]

    text = "| name | users |" + "|".join(COLUMNS) + "|\n" + "|---|---|" + "---|" * len(COLUMNS) + "\n"
    for label, s in zip(labels, all_three):
        values = ["" if getattr(s, c) is None else str(getattr(s, c)) for c in COLUMNS]
        text += f"| `{label}` | {users} |" + "|".join(values) + "|\n"
    (folder / "comparison.md").write_text(text)

    fig, (left, right) = plt.subplots(1, 2, figsize=(10, 4))
    left.barh(labels, [s.rps for s in all_three], color=["C0", "C2", "C3"])
    for i, s in enumerate(all_three):
        left.text(s.rps, i, f"{s.rps:.1f}")
    left.set_xlabel("Requests / s")
    left.set_title("Throughput")
    right.bar(labels, [(s.p95_s or 0) * 1000 for s in all_three])
    right.set_ylabel("p95 in ms")
    fig.tight_layout()
    fig.savefig(folder / "comparison.svg")
    plt.close(fig)
    return all_three
