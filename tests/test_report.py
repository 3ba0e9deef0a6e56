"""The report: what stands in it, and what a browser makes of it at two widths and in two color schemes."""

import importlib.resources
import json
import re
from pathlib import Path
from typing import Any

import pytest

from dojo import catalog, cli, pictures, witness
from dojo.progress import Notebook
from dojo.report import blocks, page
from dojo.results import Result
from dojo.workspace import Workspace
from tests.browser import Page, needs_chromium

HOSTILE = "</title><script>alert(1)</script> $x_1$ & <b>"


def timeline(path: str, *, held: bool) -> dict[str, Any]:
    """What is seen of four requests that wait in turn, or together."""
    rows: list[dict[str, Any]] = [
        {"label": f"#{n}", "start": 0.2 * n if held else 0.01 * n, "end": 0.2 * (n + 1) if held else 0.2 + 0.01 * n} for n in range(3)
    ]
    return {
        "kind": "timeline", "title": f"4 requests to {path}", "rows": [*rows, {"label": "#4", "start": None, "end": None}],
        "held": [{"start": 0.2 * n, "end": 0.2 * (n + 1)} for n in range(3)] if held else [],
        "health": {"start": 0.05, "end": None if held else 0.07},
        "line": "The event loop stood at app/routers/compare.py:45 for 0.20 s, waiting:\n    time.sleep(settings.inference_seconds)" if held else "",
    }


def filled(folder: Path) -> Workspace:
    """A workspace of which some has been judged, with a picture of each kind."""
    (folder / "app").mkdir()
    workspace = Workspace.at(folder)
    seen: dict[str, list[dict[str, Any]]] = {
        "1.7": [timeline("/predict/sync", held=False), timeline("/predict/async", held=False), timeline("/predict/broken", held=True)],
        "1.5": [timeline(f"/predict {HOSTILE}", held=True)],
        "3.5": [
            {"kind": "curve", "title": "A load that grows", "breaking_point": 8, "slo_p95_s": 0.1,
             "steps": [{"users": n, "rps": min(20 * n, 160), "p95_s": 0.05 * max(1, n / 8), "failure_rate": 0.0} for n in (2, 4, 8, 16)]},
            {"kind": "latencies", "title": "Latencies", "series": {"2 users": [0.05, 0.051, 0.06], "16 users": [0.1, 0.11, 0.3]}},
        ],
        "3.6": [{"kind": "comparison", "title": "The same load", "rows": [
            {"name": "sync", "requests": 10, "rps": 80.0, "p50_s": 1.0, "p95_s": 1.1, "p99_s": 1.2, "failure_rate": 0.0},
            {"name": "broken", "requests": 0, "rps": 0.0, "p50_s": None, "p95_s": None, "p99_s": None, "failure_rate": 0.0},
        ]}],
        "A": [{"kind": "workers", "title": "Workers", "rows": [{"workers": n, "rps": 10.0 * n, "pss_bytes": 2e8 * n} for n in (1, 2, 4)]},
              {"kind": "unheard of", "title": "Of another version"}],
    }
    red = {"1.5": f"8 requests were sent together; {HOSTILE}\n\n  predict #1 ████\n  predict #2     ████\n\nWhy it matters."}
    Notebook(workspace).record([
        Result(catalog.exercise(each), state="red" if each in red else "green", message=red.get(each, ""),
               expected="It waits." if each in red else "", notes=["sync 80/s"] if each == "3.6" else [], seen=pictures_)
        for each, pictures_ in seen.items()
    ])
    return workspace


def test_nothing_is_judged_yet(tmp_path: Path) -> None:
    """The board stands there all the same, and each phase says how it is judged."""
    (tmp_path / "app").mkdir()
    html = page(Workspace.at(tmp_path))

    count = len(catalog.exercises())
    assert f"0 of {count} exercises are green, 0 have been judged" in html
    assert count == html.count("not judged yet</span>")
    assert "nox -s phase1.5" in html
    assert [] == list((tmp_path / ".dojo").glob("*")), "to look is to write nothing"


def test_what_was_seen_stands_there_once(tmp_path: Path) -> None:
    """Verdicts, messages and pictures; a picture among the highlights isn't drawn a second time."""
    html = page(filled(tmp_path))

    assert 8 == html.count("<svg ")
    assert 1 == html.count("<figcaption>4 requests to /predict/broken")
    assert "time.sleep(settings.inference_seconds)" in html
    assert "<pre tabindex=\"0\" aria-label=\"What was seen\">  predict #1 ████\n  predict #2     ████</pre>" in html
    assert "sync 80/s" in html
    assert "Of another version" not in html


def test_what_learners_write_is_only_text(tmp_path: Path) -> None:
    """Names and messages come from code that nobody has read."""
    html = page(filled(tmp_path))

    assert "<script" not in html
    assert "<b>" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


def test_the_page_is_whole(tmp_path: Path) -> None:
    """It refers to nothing outside, and no name of a part occurs twice."""
    html = page(filled(tmp_path))

    outside = re.findall(r"(?:src|href|url)\s*[=(]\s*[\"']?(?!#|data:,)[^\"')\s>]+", html)
    assert [] == [each for each in outside if "w3.org" not in each]
    names = re.findall(r'\bid="([^"]+)"', html)
    assert len(set(names)) == len(names)


def test_the_command_writes_it_and_says_where(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Beside the history, or where it is told to; what was there is replaced."""
    workspace = filled(tmp_path)

    assert 0 == cli.main(["report", "--workspace", str(tmp_path)])
    assert (tmp_path / ".dojo" / "report.html").as_uri() in capsys.readouterr().out
    other = tmp_path / "to" / "my mentor.html"
    assert 0 == cli.main(["report", "--workspace", str(workspace.path), "--output", str(other)])
    assert f"{other.as_uri()}\n5 of {len(catalog.exercises())} exercises have been judged" in capsys.readouterr().out
    assert [other] == list(other.parent.iterdir())


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line says what is wrong."""
    workspace = filled(tmp_path)
    (tmp_path / "file").write_text("")

    assert 2 == cli.main(["report", "--workspace", str(workspace.path), "--output", str(tmp_path / "file" / "report.html")])
    told = capsys.readouterr().err
    assert told.startswith("dojo: ")
    assert "file" in told


def test_the_newest_picture_of_a_title_is_kept() -> None:
    """What was measured twice is shown as it was the last time, and a kata with many pictures doesn't fill the disk."""
    witness.take()
    for number in range(40):
        witness.note("workers", f"picture {number % 20}", rows=[{"workers": number}])

    kept = witness.newest(witness.take())
    assert witness.KEPT == len(kept)
    assert 39 == kept[-1]["rows"][0]["workers"]
    assert [] == witness.take()


def test_a_message_is_cut_into_prose_and_pictures() -> None:
    """Lines that begin with a space stay as they are."""
    assert [("p", "One.\nTwo."), ("pre", "  ███\n   ██"), ("p", "Three.")] == blocks("One.\nTwo.\n\n  ███\n   ██\nThree.\n")


def test_percentiles_are_by_nearest_rank() -> None:
    """The smallest sample that at least p % of the samples don't exceed."""
    assert [3, 5, 5, 1] == [pictures.percentile([5, 1, 2, 3, 4], p) for p in (50, 95, 99, 0)]


@needs_chromium
@pytest.mark.timeout(240)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 390])
async def test_a_browser_shows_it(browser: Page, tmp_path: Path, scheme: str, width: int) -> None:
    """No error, no request, nothing wider than a phone, and an accessibility checker has no complaint."""
    workspace = filled(tmp_path)
    cli.main(["report", "--workspace", str(workspace.path)])
    for domain in ("Log", "Runtime", "Network", "Page"):
        await browser.do(f"{domain}.enable")
    await browser.do("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    await browser.do("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 600)
    file = (workspace.path / ".dojo" / "report.html").as_uri()

    await browser.do("Page.navigate", url=file)
    await browser.shows("document.readyState === 'complete' && document.querySelectorAll('svg').length === 8")

    asked = [e["params"]["request"]["url"] for e in browser.events if e.get("method") == "Network.requestWillBeSent"]
    assert {file} == {url for url in asked if not url.startswith("data:")}
    wrong = [e for e in browser.events if e.get("method") in ("Log.entryAdded", "Runtime.exceptionThrown", "Runtime.consoleAPICalled")]
    assert [] == wrong
    assert width >= await browser.value("document.documentElement.scrollWidth"), "it must not scroll sideways as a whole"
    assert 1 == await browser.value("document.querySelectorAll('main').length")
    assert "#0d1117" == (await browser.value("getComputedStyle(document.documentElement).getPropertyValue('--paper')")).strip() or scheme == "light"
    # By keyboard: the first key leads past everything, the next ones along the phases.
    await browser.do("Input.dispatchKeyEvent", type="rawKeyDown", key="Tab", code="Tab", windowsVirtualKeyCode=9)
    assert "To the content" == await browser.value("document.activeElement.innerText")
    await browser.picture(f"report-{scheme}-{width}.png", width, 900)

    axe = importlib.resources.files("axe_core_python").joinpath("axe.min.js").read_text(encoding="utf-8")
    await browser.value(axe + "; 0")
    await browser.value("document.querySelectorAll('details').forEach(d => d.open = true)")
    check = "axe.run().then(r => JSON.stringify(r.violations.map(v => [v.id, ...v.nodes.slice(0, 2).map(n => n.html)])))"
    assert [] == json.loads(await browser.value(check))
    await browser.value("document.documentElement.removeAttribute('lang')")
    assert ["html-has-lang"] == [name for name, *_ in json.loads(await browser.value(check))], "the checker sees what is missing"
