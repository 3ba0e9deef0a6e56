"""What a hold makes of a machine that is too slow: nobody fails for that, and nobody passes."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from dojo import hold, relay
from dojo.subject import Service
from dojo.workspace import ANSWERS, Workspace
from tests.judging import judge


@pytest.fixture
def impatient(tmp_path: Path) -> Path:
    """A right answer to E whose client gives up after a second; five are usual, and would make this a long test."""
    answer = Workspace.at(ANSWERS / "right" / "E_repository").snapshot(tmp_path / "answer")
    file = answer / "app/routers/cache.py"
    text = file.read_text(encoding="utf-8")
    assert "timeout=1)" in text
    text = text.replace("timeout=1)", "timeout=1, socket_timeout=1, retry=Retry(NoBackoff(), 0))")
    file.write_text("from redis.asyncio.retry import Retry\nfrom redis.backoff import NoBackoff\n" + text, encoding="utf-8")
    return answer


@pytest.mark.parametrize("looks_stuck", [False, True], ids=["free loop", "loop that looks stuck once"])
def test_a_server_that_is_too_slow_fails_no_right_answer(looks_stuck: bool, impatient: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client's own time limit may run out while a machine is too busy: that is inconclusive."""
    back, pulse = relay._Link._back, Service.pulse
    once = iter([looks_stuck])

    async def late(link: relay._Link, server: asyncio.StreamReader) -> None:
        if link.number > 40:
            await asyncio.sleep(1.3)
        await back(link, server)

    async def starved(service: Service) -> dict[str, Any]:
        seen = await pulse(service)
        return {**seen, "stuck": True} if seen["started"] > 20 and next(once, False) else seen

    monkeypatch.setattr(hold, "TOO_SLOW", 0.5)
    monkeypatch.setattr(relay._Link, "_back", late)
    monkeypatch.setattr(Service, "pulse", starved)

    verdict = judge(impatient, ["E"], tests=["test_requests_wait_together"])

    assert verdict.states == {"E": "unclear"}, verdict.shown
    assert "the machine is too busy: 200 requests to" in verdict.messages["E"]
