"""A headless Chromium with one page, driven by its own debugging protocol.

With ``KATA_SCREENSHOTS=folder`` tests leave the pictures of the chapters and of the README there.
"""

import asyncio
import base64
import contextlib
import itertools
import json
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from websockets.asyncio.client import ClientConnection, connect

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
PICTURES = os.environ.get("KATA_SCREENSHOTS", "")
PATIENCE = 60.0

#: For tests that need it.
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here")


class Page:
    """A page of the browser, by its debugging protocol."""

    def __init__(self, line: ClientConnection) -> None:
        self._line = line
        self._numbers = itertools.count(1)
        #: What the browser has told of its own accord.
        self.events: list[dict[str, Any]] = []

    async def do(self, method: str, **parameters: Any) -> dict[str, Any]:
        """The result of a method of the protocol."""
        number = next(self._numbers)
        await self._line.send(json.dumps({"id": number, "method": method, "params": parameters}))
        async with asyncio.timeout(PATIENCE):
            while True:
                message = json.loads(await self._line.recv())
                if message.get("id") == number:
                    return message.get("result", {})
                self.events.append(message)

    async def value(self, script: str) -> Any:
        """The value of an expression in the page."""
        return (await self.do("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True))["result"].get("value")

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
