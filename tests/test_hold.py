"""What a hold makes of a machine that is too slow: nobody fails for that, and nobody passes."""

import asyncio
from typing import Any

import pytest

from dojo import relay
from dojo.subject import Service
from dojo.workspace import ANSWERS
from tests.judging import judge


@pytest.mark.parametrize("looks_stuck", [False, True], ids=["free loop", "loop that looks stuck once"])
def test_a_server_that_is_too_slow_fails_no_right_answer(looks_stuck: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client's own time limit, of five seconds here, may run out while a machine is too busy: that is inconclusive."""
    back, pulse = relay._Link._back, Service.pulse
    once = iter([looks_stuck])

    async def late(link: relay._Link, server: asyncio.StreamReader) -> None:
        if link.number > 40:
            await asyncio.sleep(5.6)
        await back(link, server)

    async def starved(service: Service) -> dict[str, Any]:
        seen = await pulse(service)
        return {**seen, "stuck": True} if seen["started"] > 20 and next(once, False) else seen

    monkeypatch.setattr(relay._Link, "_back", late)
    monkeypatch.setattr(Service, "pulse", starved)

    verdict = judge(ANSWERS / "right" / "E_repository", ["E"], tests=["test_requests_wait_together"])

    assert verdict.states == {"E": "unclear"}
    assert "the machine is too busy: 200 requests to" in verdict.messages["E"]
