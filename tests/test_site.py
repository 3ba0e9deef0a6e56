"""The chapters as a site: it builds, what leads nowhere ends the build, it can be searched, and it asks nobody else for anything."""

import html
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dojo.workspace import ROOT
from tests.browser import Page, browser, needs_chromium  # noqa: F401 (a fixture)

#: A page with all kinds of links that lead somewhere, and with examples of some in code.
OTHER = """# Other

<a id="11"></a>

## Part

[one](#11) [two](other.md#11) [three](#part) [four](index.md) `[c](#11)`

- [ ] open
- [x] done

```md
<a id="11"></a>
[a](#11) [b](..)
```
"""


def built(docs: Path, out: Path) -> subprocess.CompletedProcess[str]:
    """What `nox -s site` does, with other folders."""
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html", str(docs), str(out)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of all chapters."""
    out = tmp_path_factory.mktemp("site")
    done = built(ROOT / "docs", out)
    assert done.returncode == 0, done.stderr
    return out


def test_every_chapter_is_a_page(site: Path) -> None:
    """With nothing to complain of, as complaints end the build."""
    for page in (ROOT / "docs").rglob("*.md"):
        assert (site / page.relative_to(ROOT / "docs").with_suffix(".html")).is_file()


def test_links_to_an_exercise_lead_there(site: Path) -> None:
    """Those of the chapters, and those that failure messages name: phase-2-observability.md#25."""
    text = (site / "Exercises/phase-2-observability.html").read_text(encoding="utf-8")

    assert 'id="25"' in text
    assert 'href="phase-2-observability.html#25"' in (site / "Exercises/phase-4-tuning.html").read_text(encoding="utf-8")


def test_a_file_that_is_linked_can_be_downloaded(site: Path) -> None:
    """As a site has no page of it; a link to a folder is its name alone."""
    text = (site / "Exercises/phase-0-setup.html").read_text(encoding="utf-8")

    assert 'href="../../app"' not in text
    assert re.search(r'href="\.\./_downloads/\w+/serve\.py"', (site / "Exercises/phase-4-tuning.html").read_text(encoding="utf-8"))


def test_pages_stand_in_groups_at_the_side(site: Path) -> None:
    """Those of the start page's headings."""
    text = (site / "classroom.html").read_text(encoding="utf-8")

    assert re.findall(r'<span class="caption-text">(.+?)</span>', text) == ["Exercises", "Learning", "Teaching"]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small site in which everything leads somewhere."""
    docs = tmp_path_factory.mktemp("small")
    shutil.copy(ROOT / "docs/conf.py", docs / "conf.py")
    (docs / "index.md").write_text("# Start\n\n[other](other.md) [its part](other.md#11) [other](other.md)\n", encoding="utf-8")
    (docs / "other.md").write_text(OTHER, encoding="utf-8")
    done = built(docs, docs / "out")
    assert done.returncode == 0, done.stderr
    return docs


def test_code_and_boxes_are_shown_as_written(small: Path) -> None:
    """An example of a link isn't a link, nor an example of an anchor an anchor."""
    text = html.unescape(re.sub(r"<[^>]+>", "", (small / "out/other.html").read_text(encoding="utf-8")))

    assert "[a](#11) [b](..)" in text
    assert "[c](#11)" in text
    assert '<a id="11"></a>' in text
    assert "☐ open" in text
    assert "☑ done" in text


@pytest.mark.parametrize(("planted", "complaint"), [
    ("[there](nowhere.md)", "nowhere.md"), ("[there](other.md#nowhere)", "'nowhere'"), ("[here](#nowhere)", "'nowhere'"),
    ("[a file](../app/none.py)", "../app/none.py"), ("![a picture](none.png)", "none.png"),
])
def test_what_leads_nowhere_ends_the_build(small: Path, tmp_path: Path, planted: str, complaint: str) -> None:
    """A page, an anchor in another page or in the same, a file, a picture."""
    docs = shutil.copytree(small, tmp_path / "docs")
    (docs / "other.md").write_text(f"{OTHER}\n{planted}\n", encoding="utf-8")

    done = built(docs, docs / "out")

    assert done.returncode != 0
    assert complaint in done.stderr


def test_it_ends_the_second_build_too(small: Path, tmp_path: Path) -> None:
    """Else a build that is tried once more would pass, with the fault."""
    docs = shutil.copytree(small, tmp_path / "docs")
    (docs / "other.md").write_text(f"{OTHER}\n[there](index.md#nowhere)\n", encoding="utf-8")

    assert built(docs, docs / "out").returncode != 0
    assert "'nowhere'" in built(docs, docs / "out").stderr


def test_a_page_that_nobody_lists_ends_the_build(tmp_path: Path) -> None:
    """Else it would be there, and in no table of contents."""
    shutil.copy(ROOT / "docs/conf.py", tmp_path / "conf.py")
    (tmp_path / "index.md").write_text("# Start\n", encoding="utf-8")
    (tmp_path / "lost.md").write_text("# Lost\n", encoding="utf-8")

    done = built(tmp_path, tmp_path / "out")

    assert done.returncode != 0
    assert "lost.md" in done.stderr


@needs_chromium
@pytest.mark.timeout(180)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("page", ["index.html", "Exercises/phase-2-observability.html"])
async def test_a_page_is_complete_and_fits_a_phone(site: Path, browser: Page, page: str, scheme: str) -> None:  # noqa: F811
    """It loads nothing from elsewhere, the console has no error, and a screen of 360 pixels needs no scrolling sideways."""
    for domain in ("Network", "Runtime", "Log", "Page"):
        await browser.do(f"{domain}.enable")
    await browser.do("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    await browser.do("Emulation.setDeviceMetricsOverride", width=360, height=740, deviceScaleFactor=1, mobile=True)
    await browser.do("Page.navigate", url=(site / page).as_uri())
    await browser.shows(f"location.pathname.endsWith('/{page}') && document.readyState === 'complete'")
    await browser.value("document.querySelectorAll('details').forEach(each => each.open = true)")

    # The theme lets the part with the text scroll by itself, so the page as a whole never gets wider.
    assert await browser.value("Math.max(...['html', '.content'].map(each => document.querySelector(each).scrollWidth))") <= 360
    light = await browser.value("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).every(each => each > 127)")
    assert light == (scheme == "light")
    asked = [event["params"]["request"]["url"] for event in browser.events if event["method"] == "Network.requestWillBeSent"]
    assert (site / page).as_uri() in asked
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    told = [event["params"]["entry"] for event in browser.events if event["method"] == "Log.entryAdded"]
    assert [entry for entry in told if entry["level"] == "error"] == []
    said = [event["params"] for event in browser.events if event["method"] == "Runtime.consoleAPICalled"]
    assert [words for words in said if words["type"] in ("error", "assert")] == []
    assert [event for event in browser.events if event["method"] == "Runtime.exceptionThrown"] == []


@needs_chromium
@pytest.mark.timeout(180)
async def test_the_search_finds_it_without_a_server(site: Path, browser: Page) -> None:  # noqa: F811
    """Opened as a file, as `nox -s site` says: the chapter about the event loop is among what is found."""
    await browser.do("Page.navigate", url=f"{(site / 'search.html').as_uri()}?q=event+loop")

    found = await browser.shows("[...document.querySelectorAll('#search-results li a')].map(a => a.textContent).join('\\n')")

    assert "Concurrency and parallelism" in found
