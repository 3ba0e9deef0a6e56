# Right answer to 3.6: the plot is written by hand: one path for the three bars, one for both axes.

from pathlib import Path

from app.loadtest.analysis import LoadSummary, summarize
from app.loadtest.run import run

NAMES = ("sync", "async", "broken")
COLUMNS = ("requests", "rps", "p50_s", "p95_s", "p99_s", "failure_rate")


def compare(host: str, users: int = 80, seconds: float = 6.0, folder: Path | None = None) -> list[LoadSummary]:
    summaries = [summarize(run(host, f"{name.capitalize()}User", users, users, seconds)) for name in NAMES]
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "comparison.md").write_text(table(summaries), encoding="utf-8")
        (folder / "comparison.svg").write_text(plot(summaries), encoding="utf-8")
    return summaries


def table(summaries: list[LoadSummary]) -> str:
    rows = [("endpoint", *COLUMNS), ("---",) * 7]
    for name, summary in zip(NAMES, summaries):
        values = [getattr(summary, column) for column in COLUMNS]
        rows.append((name, *("–" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value) for value in values)))
    return "".join("| " + " | ".join(row) + " |\n" for row in rows)


def plot(summaries: list[LoadSummary]) -> str:
    most = max(summary.rps for summary in summaries) or 1.0
    bars, texts = "", ""
    for place, (name, summary) in enumerate(zip(NAMES, summaries)):
        left, height = 70 + 110 * place, 170 * summary.rps / most
        bars += f"M{left} 220v{-height:.1f}h80V220z"
        texts += (f'<text x="{left + 40}" y="238" text-anchor="middle">{name}</text>'
                  f'<text x="{left + 40}" y="{214 - height:.1f}" text-anchor="middle">{summary.rps:.4g}</text>')
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 420 250" font-family="sans-serif">'
        f'<path d="{bars}" fill="steelblue"/><path d="M55 30V220H410" fill="none" stroke="black"/>{texts}'
        '<text x="25" y="125" transform="rotate(-90 25 125)" text-anchor="middle">requests per second</text></svg>\n'
    )
