"""Locust's web page in a real browser, as a learner sees it who has solved 3.2 and 3.3.

With ``KATA_SCREENSHOTS=folder`` the pictures of the chapter are taken. Without a Chromium (``apt-get install chromium``) it is left out.
"""

import asyncio
import base64
import contextlib
import itertools
import json
import os
import shutil
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from websockets.asyncio.client import ClientConnection, connect

from dojo.load import Load
from dojo.workspace import SOLUTIONS, Workspace

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
PICTURES = os.environ.get("KATA_SCREENSHOTS", "")
PATIENCE = 60.0

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here")


class Page:
    """A page of the browser, by its debugging protocol."""

    def __init__(self, line: ClientConnection) -> None:
        self._line = line
        self._numbers = itertools.count(1)

    async def do(self, method: str, **parameters: Any) -> dict[str, Any]:
        """The result of a method of the protocol."""
        number = next(self._numbers)
        await self._line.send(json.dumps({"id": number, "method": method, "params": parameters}))
        async with asyncio.timeout(PATIENCE):
            while True:
                message = json.loads(await self._line.recv())
                if message.get("id") == number:
                    return message.get("result", {})

    async def value(self, script: str) -> Any:
        """The value of an expression in the page."""
        return (await self.do("Runtime.evaluate", expression=script, returnByValue=True))["result"].get("value")

    async def shows(self, script: str) -> Any:
        """The value of an expression as soon as it is true."""
        async with asyncio.timeout(PATIENCE):
            while not (value := await self.value(script)):
                await asyncio.sleep(0.1)
        return value

    async def press(self, words: str) -> None:
        """Presses the button or the tab with these words."""
        found = f"[...document.querySelectorAll('button, [role=tab]')].find(e => e.innerText.trim().toLowerCase() === {words.lower()!r})"
        await self.shows(f"!!{found}")
        await self.value(f"{found}.click()")

    async def picture(self, name: str, width: int, height: int) -> None:
        """Takes a picture of a window of this size, if pictures are wanted."""
        if PICTURES:
            await self.do("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
            await asyncio.sleep(2)  # it arranges itself anew, and its lines are drawn in steps
            data = (await self.do("Page.captureScreenshot", format="png"))["data"]
            Path(PICTURES, name).write_bytes(base64.b64decode(data))


@pytest_asyncio.fixture
async def browser(tmp_path: Path) -> AsyncIterator[Page]:
    """A headless Chromium with one page."""
    profile = tmp_path / "profile"
    process = await asyncio.create_subprocess_exec(
        str(CHROMIUM), "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--hide-scrollbars",
        "--remote-debugging-port=0", "--window-size=1100,760", f"--user-data-dir={profile}", "about:blank",
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(PATIENCE):
            port = ""
            while not port:
                await asyncio.sleep(0.1)
                with contextlib.suppress(OSError, IndexError):
                    port = (profile / "DevToolsActivePort").read_text().splitlines()[0]
            async with httpx.AsyncClient(trust_env=False, verify=False) as client:
                pages = (await client.get(f"http://127.0.0.1:{port}/json/list")).json()
        address = next(page["webSocketDebuggerUrl"] for page in pages if page["type"] == "page")
        async with connect(address, max_size=None, proxy=None) as line:
            yield Page(line)
    finally:
        process.kill()
        await process.wait()


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
