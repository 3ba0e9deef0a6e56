# Right answer to 3.6: the plot is written by hand, with the names of the users; the table has bold names, units and a title.

from pathlib import Path

from app.loadtest import analysis
from app.loadtest import run as running


def compare(host: str, users: int = 80, seconds: float = 6.0, folder: Path | None = None) -> list[analysis.LoadSummary]:
    results = []
    for user_class in ("SyncUser", "AsyncUser", "BrokenUser"):
        path = running.run(host=host, user_class=user_class, users=users, spawn_rate=float(users), seconds=seconds)
        results.append(analysis.summarize(path))
    if folder:
        if not folder.exists():
            folder.mkdir(parents=True)
        write_table(results, folder / "comparison.md")
        write_plot(results, folder / "comparison.svg")
    return results


NAMES = ["sync", "async", "broken"]


def write_table(results, path):
    with open(path, "w") as file:
        file.write("# Comparison\n\nThree runs, one after the other.\n\n")
        file.write("endpoint | `requests` | `rps` | `p50_s` | `p95_s` | `p99_s` | `failure_rate`\n")
        file.write(":--|--:|--:|--:|--:|--:|--:\n")
        for name, s in zip(NAMES, results):
            times = " | ".join("n/a" if t is None else f"{t * 1000:.0f} ms" for t in (s.p50_s, s.p95_s, s.p99_s))
            file.write(f"**/predict/{name}** | {s.requests:,} | {s.rps:.1f}/s | {times} | {s.failure_rate:.0%}\n")
        file.write("\nTimes are those of the users.\n")


def write_plot(results, path):
    most = max([s.rps for s in results]) or 1
    parts = []
    for i, (name, s) in enumerate(zip(("SyncUser", "AsyncUser", "BrokenUser"), results)):
        parts.append(f'<rect x="{60 + 110 * i}" y="{220 - 180 * s.rps / most:.1f}" width="80" height="{180 * s.rps / most:.1f}" fill="steelblue"/>')
        parts.append(f'<text x="{100 + 110 * i}" y="238" text-anchor="middle">{name}</text>')
        parts.append(f'<text x="{100 + 110 * i}" y="{214 - 180 * s.rps / most:.1f}" text-anchor="middle">{s.rps:.1f} req/s</text>')
    parts.append('<text x="20" y="130" transform="rotate(-90 20 130)" text-anchor="middle">requests/s</text>')
    path.write_text('<?xml version="1.0" encoding="utf-8"?>\n<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 250">' + "".join(parts) + "</svg>\n")
