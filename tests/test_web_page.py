"""Locust's web page in a real browser, as a learner sees it who has solved 3.2 and 3.3.

With ``KATA_SCREENSHOTS=folder`` the pictures of the chapter are taken. Without a Chromium (``apt-get install chromium``) it is left out.
"""

import asyncio
import json
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from dojo.load import Load
from dojo.workspace import SOLUTIONS, Workspace
from tests.browser import PICTURES, Page, needs_chromium

pytestmark = needs_chromium


@pytest_asyncio.fixture
async def service(tmp_path: Path) -> AsyncIterator[str]:
    """The finished service, on a port of its own."""
    root = Workspace.at(SOLUTIONS).snapshot(tmp_path / "workspace")
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(512)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "uvicorn", "app.main:app", "--fd", str(listening.fileno()), "--no-access-log", "--log-level", "error",
            cwd=root, pass_fds=[listening.fileno()], stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            process.terminate()
            await process.wait()


@pytest.mark.timeout(300)
async def test_a_load_is_started_seen_and_stopped_in_a_browser(browser: Page, service: str, tmp_path: Path) -> None:
    """The page proposes what locust.conf says, starts the load, shows its statistics and its charts, and stops it."""
    root = tmp_path / "workspace"
    async with Load(root).web("--host", service) as client:
        await browser.do("Page.navigate", url=str(client.base_url))

        # The form.
        assert "20" == await browser.shows("document.querySelector('input[name=userCount]')?.value")
        assert "5" == await browser.value("document.querySelector('input[name=spawnRate]').value")
        assert service == await browser.value("document.querySelector('input[name=host]').value")
        await browser.picture("locust-start.png", 900, 760)

        # The statistics.
        await browser.press("Start")
        await browser.shows("document.body.innerText.includes('/predict/async') && document.body.innerText.includes('/predict/broken')")
        await browser.shows("/RUNNING/i.test(document.body.innerText)")
        count = "Number([...document.querySelectorAll('tr')].find(r => r.innerText.includes('Aggregated'))?.cells[2].innerText)"
        first = await browser.shows(count)
        await browser.shows(f"{count} > {first}")

        # The charts.
        if PICTURES:
            await asyncio.sleep(20)
        await browser.picture("locust-statistics.png", 1250, 560)
        await browser.press("Charts")
        drawn = "[...document.querySelectorAll('canvas')].map(canvas => canvas.toDataURL()).join()"
        await browser.shows("document.querySelectorAll('canvas').length >= 3")
        before = await browser.value(drawn)
        await browser.shows(f"{drawn} !== {json.dumps(before)}")  # the lines grow
        await browser.picture("locust-charts.png", 1100, 1060)

        # The end.
        await browser.press("Stop")
        await browser.shows("/STOPPED/i.test(document.body.innerText)")
        assert "stopped" == (await client.get("/stats/requests")).json()["state"]
